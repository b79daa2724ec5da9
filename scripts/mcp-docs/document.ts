import { CONNECTORS } from "../../shared/mcp/connectors.ts";
import { PROMPTS } from "../../shared/mcp/texts.ts";
import { inputOf, type Operation, scopesOf, TOOLSETS } from "../../shared/operations/operation.ts";
import { OPERATIONS } from "../../shared/operations/registry.ts";
import { inputSchemaOf, type JsonSchema } from "../../shared/operations/schemas.ts";
import { CONNECTING } from "./connecting.ts";

/** The reference of the MCP server: how to connect, how the list works, and every tool. */
export function mcpDocument(): string {
  return [
    "# MCP tools",
    "",
    "<!-- Generated from shared/operations by: npm run mcp-docs -->",
    "",
    `Every read and write of Busymate as ${OPERATIONS.size} tools at one URL,`,
    "`<url>/functions/v1/mcp`: Streamable HTTP without sessions, revisions 2025-11-25 and 2026-07-28",
    "of the protocol, JSON answers. The same token that opens REST and Realtime opens it, and",
    "row-level security decides what each call sees.",
    "",
    CONNECTING,
    ...listing(),
    ...prompts(),
    ...Object.keys(TOOLSETS).flatMap((toolset) => section(toolset as keyof typeof TOOLSETS)),
  ].join("\n");
}

function listing(): string[] {
  const top = [...OPERATIONS.values()].filter((one) => one.top);
  return [
    "## Which tools are listed",
    "",
    `\`tools/list\` shows what your role and the token's scopes allow, by default the ${top.length}`,
    `tools marked **top** and ${CONNECTORS.length} that reach the rest:`,
    "",
    ...CONNECTORS.map(({ tool }) => `- \`${tool.name}\`: ${tool.description}`),
    "",
    "Every tool also answers to its own name though it is not listed. The URL's query chooses:",
    "",
    "| Query | Effect |",
    "| --- | --- |",
    `| \`?toolsets=all\` | every tool, natively |`,
    `| \`?toolsets=entries,tags\` | the tools of these toolsets: ${
      Object.keys(TOOLSETS).map((name) => `\`${name}\``).join(" ")
    } |`,
    "| `?read_only=true` | nothing that changes anything, whatever else is asked for |",
    "",
    "An unknown parameter or value is answered 400: a slip must not open what was meant to be closed.",
    "",
    "- A tool your role may not use is not listed; called anyway, its answer names the capability.",
    "- A scope the token lacks is 403 with a challenge, so that the client can ask for it.",
    "- What is destructive needs `confirm`, which the person has to agree to first.",
    "- An answer has at most 25,000 characters and says what it left out.",
    "- Captured content comes between marks that are new for each answer: it is data, never",
    "  instructions. Secrets in it are placeholders unless the role has `secrets:view` and the token",
    "  the scope `secrets`.",
    "- Exports are jobs: the answer is an id for `get_job`.",
    "",
  ];
}

function prompts(): string[] {
  return [
    "## Prompts",
    "",
    "| Prompt | What for | Arguments |",
    "| --- | --- | --- |",
    ...Object.entries(PROMPTS).map(([name, { description, arguments: args }]) =>
      row(
        `\`${name}\``,
        description,
        args.map((one) => `\`${one.name}\`${one.required ? "" : "?"}`).join(", "),
      )
    ),
    "",
  ];
}

function section(toolset: keyof typeof TOOLSETS): string[] {
  const tools = [...OPERATIONS.values()].filter((one) => one.toolset === toolset);
  return [
    `## Toolset \`${toolset}\``,
    "",
    `${TOOLSETS[toolset]}.`,
    "",
    "| Tool | What it does | Arguments | Needs |",
    "| --- | --- | --- | --- |",
    ...tools.map((one) =>
      row(
        `\`${one.name}\`${one.top ? " **top**" : ""}`,
        one.summary,
        argumentsOf(inputSchemaOf(one)),
        needsOf(one),
      )
    ),
    "",
  ];
}

function argumentsOf({ properties = {}, required = [] }: JsonSchema): string {
  const names = Object.keys(properties as Record<string, unknown>);
  return names.map((name) => `\`${name}\`${(required as string[]).includes(name) ? "" : "?"}`)
    .join(", ");
}

/** What a caller has to have, and what the person has to have agreed to. */
function needsOf(operation: Operation): string {
  const { needs, adminOnly } = operation;
  return [
    ...(needs ? [`${needs.section}:${needs.action}`] : []),
    ...(adminOnly ? ["an admin"] : []),
    ...scopesOf(operation).filter((scope) => scope !== "mcp:read").map((scope) => `scope ${scope}`),
    ...("confirm" in inputOf(operation).shape ? ["confirm"] : []),
  ].join("; ");
}

const row = (...cells: string[]) =>
  `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
