import { ERROR_STATUS, type ErrorCode } from "../../shared/http/errors.ts";
import { ERROR_HELP } from "../../shared/reference/errors.ts";
import { table } from "./parts.ts";

const CODES = Object.keys(ERROR_STATUS) as ErrorCode[];

/** The part of docs/errors-and-limits.md about codes, by status. */
export function errorsTable(): string {
  const codes = CODES.toSorted((a, b) => ERROR_STATUS[a] - ERROR_STATUS[b]);
  return table(
    ["Code", "Status", "What it means", "What to do"],
    codes.map((code) => {
      const { means, fix } = ERROR_HELP[code];
      return [`\`${code}\``, String(ERROR_STATUS[code]), means, fix];
    }),
  );
}
