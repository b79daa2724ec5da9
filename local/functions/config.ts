import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { z } from "zod";
import { Complaint } from "../../scripts/complaint.ts";

/** A function of this project, as `supabase functions deploy` would find it. */
export interface FunctionConfig {
  /** Its folder under functions/ and the first segment of its path. */
  slug: string;
  /** Whether the gateway lets only tokens signed with the project's key through. */
  verifyJwt: boolean;
}

const config = z.object({
  functions: z.record(
    z.string(),
    z.object({ verify_jwt: z.boolean(), entrypoint: z.string(), import_map: z.string() }),
  ),
});

/**
 * Lists functions/<slug>/index.ts. All three keys must stand in supabase/config.toml: without them
 * the CLI merely warns, and deploys a function that lacks its code or is closed to its callers.
 */
export function listFunctions(root: string): FunctionConfig[] {
  const text = readFileSync(join(root, "supabase/config.toml"), "utf8");
  const { functions } = config.parse(parse(text));
  return readdirSync(join(root, "functions"))
    .filter((slug) => existsSync(join(root, "functions", slug, "index.ts")))
    .map((slug) => {
      const declared = functions[slug];
      if (!declared) throw new Complaint(`functions/${slug} is missing in supabase/config.toml.`);
      return { slug, verifyJwt: declared.verify_jwt };
    });
}
