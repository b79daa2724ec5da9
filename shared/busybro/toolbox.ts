import { z } from "zod";
import type { Rights } from "../operations/call.ts";
import { refusalOf } from "../operations/dispatch.ts";
import type { Operation } from "../operations/operation.ts";
import { ranked } from "../operations/ranking.ts";
import { publishedSchema } from "../operations/schemas.ts";
import type { ToolSpec } from "./provider.ts";
import { verdictOn } from "./verdict.ts";

const LISTED = 32;
const FOUND = 8;

export const FIND_TOOLS = "find_tools";
export const USE_TOOL = "use_tool";

export const findInput = z.strictObject({
  query: z.string().min(1).max(200).describe("what you want to do, in a few words"),
});
export const useInput = z.strictObject({
  name: z.string().max(100),
  args: z.record(z.string(), z.unknown()).default({}),
});

const META = (): ToolSpec[] => [
  {
    name: FIND_TOOLS,
    description: "Finds tools that are not listed, with what each does and takes.",
    inputSchema: publishedSchema(findInput, "input"),
  },
  {
    name: USE_TOOL,
    description: "Runs a tool that is not listed, by its name.",
    inputSchema: publishedSchema(useInput, "input"),
  },
];

/** The operations that BusyBro may ever use for somebody: what only people do is not among them. */
export function openTo(operations: Iterable<Operation>, rights: Rights): Operation[] {
  return [...operations].filter((one) =>
    verdictOn(one, false) !== "refuse" && refusalOf(rights, one) === undefined
  );
}

/** What a model is offered: the everyday operations, those the question is about, and the way to the rest. */
export function offered(open: readonly Operation[], question: string): ToolSpec[] {
  const top = open.filter((one) => one.top);
  const rest = ranked(open.filter((one) => !one.top), question);
  return [...[...top, ...rest].slice(0, LISTED).map(specOf), ...META()];
}

/** Operations that fit what was asked for, best first. */
export function found(open: readonly Operation[], query: string) {
  return ranked(open, query).slice(0, FOUND).map(specOf);
}

/** Without `confirm`: that is the person's to say, and the dispatcher's to ask for. */
const specOf = ({ name, summary, input }: Operation): ToolSpec => ({
  name,
  description: summary,
  inputSchema: publishedSchema(input(), "input"),
});
