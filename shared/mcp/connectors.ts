import { z } from "zod";
import { annotationsOf, type Operation, TOOLSETS } from "../operations/operation.ts";
import { publishedSchema } from "../operations/schemas.ts";
import type { Tool } from "./surface.ts";

export const SEARCH = "search_tools";

export const searchInput = z.strictObject({
  query: z.string().max(200).default("").describe("what you want to do, in a few words"),
  toolset: z.enum(Object.keys(TOOLSETS) as [string, ...string[]]).optional(),
  limit: z.int().min(1).max(20).default(8),
});
export const runInput = z.strictObject({
  name: z.string().min(1).max(60).describe("a name that search_tools gave"),
  arguments: z.record(z.string(), z.unknown()).default({}),
});

/** The tools through which the default list reaches every operation. One executor an effect keeps hints true. */
export const CONNECTORS: { tool: Tool; runs?: Operation["effect"] }[] = [
  {
    tool: connector(
      SEARCH,
      "Find tools",
      searchInput,
      "read",
      "Finds operations that are not listed, with their arguments. Run what you find with the executor it names.",
    ),
  },
  {
    runs: "read",
    tool: connector(
      "run_read_tool",
      "Run a reading tool",
      runInput,
      "read",
      "Runs any operation that only reads, by the name that search_tools gave.",
    ),
  },
  {
    runs: "write",
    tool: connector(
      "run_write_tool",
      "Run a writing tool",
      runInput,
      "write",
      "Runs any operation that adds or changes something, by the name that search_tools gave.",
    ),
  },
  {
    runs: "destructive",
    tool: connector(
      "run_destructive_tool",
      "Run a destructive tool",
      runInput,
      "destructive",
      "Runs any operation that deletes or cannot be undone; its arguments need confirm, once the person has agreed.",
    ),
  },
];

/** The executor that runs an effect. */
export const executorOf = (effect: Operation["effect"]) => `run_${effect}_tool`;

export const EXECUTORS = CONNECTORS.filter(({ runs }) => runs !== undefined);

export const isExecutor = (name: unknown): boolean =>
  EXECUTORS.some(({ tool }) => tool.name === name);

function connector(
  name: string,
  title: string,
  input: z.ZodObject,
  effect: Operation["effect"],
  description: string,
): Tool {
  const hints = { title, effect, ...(effect !== "read" && { openWorld: true }) };
  return {
    name,
    title,
    description,
    inputSchema: publishedSchema(input, "input"),
    annotations: annotationsOf(hints as Operation),
  };
}
