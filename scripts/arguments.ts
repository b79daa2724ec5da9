import { parseArgs, type ParseArgsConfig } from "node:util";
import { Complaint } from "./complaint.ts";

/** The options of a command line; whoever gives others is told which there are. */
export function readOptions<const Config extends ParseArgsConfig>(
  usage: string,
  config: Config,
): ReturnType<typeof parseArgs<Config>>["values"] {
  try {
    return parseArgs(config).values;
  } catch (error) {
    throw new Complaint(`${(error as Error).message}\n${usage}`);
  }
}
