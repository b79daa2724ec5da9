import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { Complaint } from "../complaint.ts";
import { MANIFEST_FILE } from "./format.ts";

const Manifest = z.looseObject({
  Files: z.array(z.looseObject({
    "Path": z.string().optional(),
    /** In hex, for names that are not UTF-8. */
    "Encoded-Path": z.string().optional(),
    "Size": z.int(),
    "Checksum-Algorithm": z.literal("SHA256"),
    "Checksum": z.string(),
  })),
  "Manifest-Checksum": z.string(),
});

/** Makes sure that a backup's files are those the server sent: each there, of its size and hash. */
export async function verifyManifest(directory: string, file: string): Promise<void> {
  const damaged = (what: string) => new Complaint(`${file} is not a whole backup: ${what}.`);
  const text = await readFile(join(directory, MANIFEST_FILE), "utf8").catch(() => {
    throw damaged("it has no manifest");
  });
  const manifest = Manifest.parse(JSON.parse(text));
  // The hash is that of all before its own line.
  const before = text.slice(0, text.lastIndexOf('"Manifest-Checksum"'));
  if (createHash("sha256").update(before).digest("hex") !== manifest["Manifest-Checksum"]) {
    throw damaged("its manifest was changed");
  }
  for (const entry of manifest.Files) {
    const path = entry.Path ?? Buffer.from(entry["Encoded-Path"]!, "hex").toString("latin1");
    const size = await stat(join(directory, path)).then((found) => found.size, () => undefined);
    if (size === undefined) throw damaged(`${path} is missing`);
    const whole = size === entry.Size &&
      await sha256(join(directory, path)) === entry.Checksum;
    if (!whole) throw damaged(`${path} was changed`);
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
