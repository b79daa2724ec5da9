import { createHash } from "node:crypto";
import type { Sql } from "postgres";

/**
 * Runs a SQL script on this database unless it ran before, in one transaction with the note that it
 * did. Answers `changed` when what ran before was another text.
 */
export async function runOnce(
  sql: Sql,
  name: string,
  script: string,
): Promise<"ran" | "had run" | "changed"> {
  const sha256 = createHash("sha256").update(script).digest("hex");
  return await sql.begin(async (tx) => {
    const [before] = await tx`select sha256 from embedded.scripts where name = ${name}`;
    if (before) return before["sha256"] === sha256 ? "had run" : "changed";
    await tx.unsafe(script);
    // A script may have changed the role or the search path; the note is not its business.
    await tx`reset all`;
    await tx`insert into embedded.scripts (name, sha256) values (${name}, ${sha256})`;
    return "ran";
  });
}
