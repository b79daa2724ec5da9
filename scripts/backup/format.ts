// What a backup holds besides the files of the database server.

import { z } from "zod";

/** Where in the archive they stand: beside the server's files, under a name it has none of. */
export const FOLDER = "busymate";
export const ABOUT_FILE = `${FOLDER}/backup.json`;
/** Without the keys every token, device credential and API key made before would be void. */
export const KEYS_FILE = `${FOLDER}/keys.json`;
export const MANIFEST_FILE = "backup_manifest";

export const POSTGRES_MAJOR = 17;

export const About = z.object({
  format: z.literal(1),
  created_at: z.iso.datetime(),
  version: z.string(),
  build: z.int(),
  postgres: z.int(),
});
export type About = z.infer<typeof About>;
