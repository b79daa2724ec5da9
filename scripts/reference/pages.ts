// The pages of the reference that are made from the catalogue.

import type { Catalogue, Rpc, Table } from "./catalogue.ts";

const NOTICE = "<!-- Generated from supabase/migrations by: npm run reference -->\n";

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const row = (...cells: string[]) => `| ${cells.map(cell).join(" | ")} |`;
const table = (head: string[], rows: string[][]) =>
  [row(...head), row(...head.map(() => "---")), ...rows.map((one) => row(...one))].join("\n");

/** docs/rest.md: every table with its columns and rights, every RPC with its arguments. */
export function restPage({ tables, rpcs }: Catalogue): string {
  return `${NOTICE}# REST: tables and RPCs

Base: \`<url>/rest/v1/\`, answered by PostgREST. Send the access token as \`Authorization: Bearer\` and the
publishable key as \`apikey\` (our own gateway also takes the token there). Every table has row-level
security: what you may not see is not in the answer, a denied insert is 403, a denied update or delete
touches no row, and a denied RPC answers null or no rows.

Filters, ordering, pages and embedding are PostgREST's: \`?column=eq.value\`, \`&order=column.desc\`,
\`&limit=50\`, \`?select=*,other(*)\`. RPCs are \`POST /rest/v1/rpc/<name>\` with the arguments as JSON.

## Tables

${tables.map(({ name, about }) => `- [\`${name}\`](#${name}): ${about}`).join("\n")}

${tables.map(tableSection).join("\n\n")}

## RPCs

${rpcs.map(rpcSection).join("\n\n")}
`;
}

function tableSection({ name, about, key, verbs, columns, policies }: Table): string {
  const rights = policies.map(({ verb, who, rule }) => `- ${verb}, ${who.join(" and ")}: ${rule}.`);
  return `### ${name}

${about}

Key: ${key.map((column) => `\`${column}\``).join(", ")}. Verbs open to people: ${
    verbs.join(", ") || "none"
  }.

${
    table(
      ["Column", "Type", "", "Meaning"],
      columns.map((column) => [
        `\`${column.name}\``,
        `${column.type}${column.nullable ? "?" : ""}`,
        [column.insert ? "insert" : "", column.update ? "update" : ""].filter(Boolean).join(" "),
        column.about,
      ]),
    )
  }

${rights.join("\n")}`;
}

function rpcSection({ name, about, arguments: given, returns, roles }: Rpc): string {
  const signature = given.map(({ name, type, optional }) =>
    `${name}${optional ? "?" : ""} ${type}`
  );
  return `### ${name}

\`${name}(${signature.join(", ")})\` → \`${returns}\`, for ${
    roles.map((role) => role === "device" ? "devices" : "people").join(" and ")
  }.

${about}`;
}

/** docs/roles.md: what the built-in roles hold, and the rule of every table and verb. */
export function rolesPage({ roles, capabilities, tables }: Catalogue): string {
  const sections = [...new Set(capabilities.map(({ section }) => section))];
  const held = (role: string, section: string) =>
    capabilities.find((one) => one.role === role && one.section === section)?.action ?? "";
  return `${NOTICE}# Roles and permissions

A role holds capabilities: *view* or *edit* of a section, and edit includes view. A token's scopes bind
them everywhere: edit needs \`mcp:write\`, secrets need \`secrets\`, and what only admins may needs \`admin\`.
A capability applies in the workspaces one belongs to; with \`global\` it applies in all.

${
    table(
      ["Section", ...roles.map(({ name }) => name)],
      sections.map((section) => [section, ...roles.map(({ name }) => held(name, section))]),
    )
  }

Custom roles are rows of \`roles\` with \`role_capabilities\`. Nobody grants what they lack, only an admin
makes an admin, and the last admin cannot be removed or demoted.

## Who may do what with which table

What is not listed is open to nobody. Each rule is the name of the policy that enforces it.

${
    table(
      ["Table", "Verb", "Rule"],
      tables.flatMap(({ name, policies }) =>
        policies.map(({ verb, who, rule }) => [
          name,
          verb,
          who.includes("device") ? `${rule} (devices)` : rule,
        ])
      ),
    )
  }
`;
}
