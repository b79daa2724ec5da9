import {
  type Feed,
  followEntries as follow,
  type FollowOptions as Options,
} from "../../../shared/feed/client.ts";
import type { BusymateClient } from "./client.ts";

export type FollowOptions = Omit<Options, "client">;

/** Follows a workspace without a gap: every entry once, live or read afterwards. */
export function followEntries({ supabase }: BusymateClient, options: FollowOptions): Feed {
  return follow({ ...options, client: supabase });
}
