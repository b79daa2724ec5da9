import type { StoredEntry } from "../entries/exchange.ts";
import { curlSnippet } from "./curl.ts";
import type { Snippet } from "./curl.ts";
import { fetchSnippet } from "./fetch.ts";
import { snippetRequest } from "./request.ts";

const TARGETS = { curl: curlSnippet, fetch: fetchSnippet };

export type Target = keyof typeof TARGETS;
export const TARGET_NAMES = Object.keys(TARGETS) as [Target, ...Target[]];

/**
 * Code that sends an entry's request again, secrets as placeholders unless told.
 * @throws UnsendableRequest where there is nothing to send.
 */
export function snippetOf(
  entry: StoredEntry,
  target: Target,
  { secrets }: { secrets: boolean },
): Snippet {
  return TARGETS[target](snippetRequest(entry, secrets));
}
