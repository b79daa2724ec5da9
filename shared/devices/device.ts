import { z } from "zod";
import { isStorable } from "../entries/text.ts";

/** Text that Postgres can hold, in at most `limit` characters. */
function text(limit: number) {
  return z.string().min(1).max(limit).refine(isStorable, {
    error: "must not contain NUL or lone surrogates",
  });
}

/** What a device says of itself when it is paired. */
export const pairedDevice = z.strictObject({
  uuid: z.guid(),
  name: text(120),
  os: text(60).nullish(),
  model: text(120).nullish(),
  app_version: text(60).nullish(),
  connection_type: z.enum(["vpn", "pac"]).nullish(),
});

export const codeRequest = z.strictObject({ workspace_id: z.guid().nullish() }).optional();
export const pairingRequest = z.strictObject({ code: z.string().max(64), device: pairedDevice });
