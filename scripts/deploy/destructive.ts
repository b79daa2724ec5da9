// Which statements of a migration take away what a deployed database may hold.

import { type Statement, statementsOf } from "./sql.ts";

export interface Finding {
  readonly line: number;
  readonly reason: string;
}

/**
 * Dropping functions, policies, triggers, views and indexes is how they are changed: nothing is lost.
 * Names may be quoted, so each is what stands between two words.
 */
const RULES: readonly { reason: string; text: RegExp }[] = [
  { reason: "drops a table", text: /\bdrop (foreign )?table\b/ },
  { reason: "drops a schema", text: /\bdrop schema\b/ },
  { reason: "drops a database", text: /\bdrop database\b/ },
  { reason: "drops an extension", text: /\bdrop extension\b/ },
  { reason: "drops a sequence", text: /\bdrop sequence\b/ },
  { reason: "drops what a role owns", text: /\bdrop owned\b/ },
  { reason: "drops with everything that depends on it", text: /\bdrop\b.*\bcascade\b/ },
  {
    reason: "drops a column",
    text:
      /\balter table\b.*\bdrop (column\b|(?!constraint\b|default\b|not null\b|expression\b|identity\b|attribute\b)\S)/,
  },
  {
    reason: "changes a column's type",
    text: /\balter table\b.*\balter (column )?\S+ (set data )?type\b/,
  },
  { reason: "empties a table", text: /\btruncate\b/ },
  { reason: "deletes every row", text: /\bdelete from\b(?!.*\bwhere\b)/ },
];

/** What of a script destroys data. */
export function destructive(script: string): Finding[] {
  return statementsOf(script).flatMap((statement) =>
    reasonsOf(statement).map((reason) => ({ line: statement.line, reason }))
  );
}

function reasonsOf({ text, quoted }: Statement): string[] {
  // A block runs at once, so its body counts, and so do the commands it puts together from strings.
  if (/^do\b/.test(text)) return quoted.flatMap(reasonsInside);
  // A function or procedure does what its body says only when somebody calls it.
  if (/^create (or replace )?(function|procedure)\b/.test(text)) return [];
  // What privileges, comments and triggers name is not done by them.
  if (/^(grant|revoke|comment|create (or replace )?(constraint )?trigger)\b/.test(text)) return [];
  return RULES.filter(({ text: pattern }) => pattern.test(text)).map(({ reason }) => reason);
}

function reasonsInside(body: string): string[] {
  return statementsOf(body).flatMap((statement) => [
    ...reasonsOf(statement),
    ...statement.quoted.flatMap(reasonsInside),
  ]);
}
