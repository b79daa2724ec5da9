import { cpus, totalmem } from "node:os";
import { type Bounds, type Quantity, type Ratio, verdictOn } from "./ratio.ts";

const HEADINGS = ["", "ratio of", "ratio", "measured", "reference", "n", "must", "aim", "verdict"];
const RIGHT = new Set([2, 3, 4, 5, 6, 7]);

/** The one table of a run. */
export function tableOf(ratios: readonly Ratio[]): string {
  const rows = [
    HEADINGS,
    ...ratios.map((r) => [
      r.id,
      r.name,
      significant(r.ratio),
      quantity(r.measured),
      quantity(r.reference),
      `${r.rounds}`,
      bound(r.bounds, r.bounds.must),
      bound(r.bounds, r.bounds.aim),
      verdictOn(r),
    ]),
  ];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row.map((cell, column) =>
      RIGHT.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)
    ).join("  ").trimEnd()
  );
  lines.splice(1, 0, widths.map((width) => "-".repeat(width)).join("  "));
  return lines.join("\n");
}

/** What the absolutes were measured on. */
export function machineLine(postgresVersion: string): string {
  const [cpu] = cpus();
  return `${cpus().length} × ${cpu?.model.trim() ?? "unknown CPU"}, ` +
    `${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.versions.node}, ${postgresVersion}`;
}

/** A ratio in a line, for those who wait for the table. */
export function summaryOf(ratio: Ratio): string {
  return `${ratio.name}: ${significant(ratio.ratio)} ` +
    `(${quantity(ratio.measured)} ÷ ${quantity(ratio.reference)})`;
}

function quantity({ value, unit }: Quantity): string {
  return `${significant(value)} ${unit}`;
}

function bound({ better }: Bounds, value: number): string {
  return `${better === "more" ? "≥" : "≤"} ${value}`;
}

/** Three significant digits, thousands grouped. */
function significant(value: number): string {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 3 });
}
