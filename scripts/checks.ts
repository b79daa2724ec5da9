// Looks at a running installation, each with what to do when it fails, told as a table.

export interface Check<Target> {
  readonly name: string;
  /** What the operator does about a failure. */
  readonly remedy: string;
  /** Says what it saw in a few words; throws what is wrong. */
  look(target: Target): Promise<string>;
}

export interface Finding {
  readonly name: string;
  readonly passed: boolean;
  readonly detail: string;
  readonly remedy: string;
}

/** Looks at everything; what fails does not keep the rest from being looked at. */
export async function findings<Target>(
  checks: readonly Check<Target>[],
  target: Target,
): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const { name, remedy, look } of checks) {
    try {
      found.push({ name, remedy, passed: true, detail: await look(target) });
    } catch (error) {
      found.push({ name, remedy, passed: false, detail: reasonOf(error) });
    }
  }
  return found;
}

/** fetch says only that it failed; why is in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  return (cause instanceof Error ? `${message}: ${cause.message || cause.name}` : message)
    .split("\n")[0]!;
}

/** A line each; below a failure what to do about it. */
export function tableOf(found: readonly Finding[]): string {
  const width = Math.max(...found.map(({ name }) => name.length));
  const lines = found.flatMap(({ name, passed, detail, remedy }) => [
    `${passed ? "ok  " : "FAIL"}  ${name.padEnd(width)}  ${detail}`,
    ...(passed ? [] : [`      ${" ".repeat(width)}  → ${remedy}`]),
  ]);
  const failed = found.filter(({ passed }) => !passed).length;
  const verdict = failed === 0
    ? `All ${found.length} checks passed.`
    : `${failed} of ${found.length} checks failed.`;
  return `${lines.join("\n")}\n${verdict}\n`;
}
