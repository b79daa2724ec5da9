// What a page shows as an answer, against what came: `…` stands for what differs from time to time.

const ANYTHING = "…";

/** Where an answer is not as the page shows it; undefined when it is. */
export function differenceOf(
  shown: { language: string; code: string },
  answer: string,
): string | undefined {
  if (shown.language === "text") {
    return matches(shown.code.trim(), answer.trim()) ? undefined : `not\n${shown.code}`;
  }
  let value: unknown;
  try {
    value = JSON.parse(answer);
  } catch {
    return "not JSON";
  }
  return differenceIn(JSON.parse(shown.code), value, "");
}

function differenceIn(shown: unknown, value: unknown, path: string): string | undefined {
  if (shown === ANYTHING) return undefined;
  if (typeof shown === "string" && typeof value === "string" && matches(shown, value)) {
    return undefined;
  }
  if (isContainer(shown) && isContainer(value) && Array.isArray(shown) === Array.isArray(value)) {
    return differenceInMembers(shown, value, path);
  }
  return shown === value ? undefined : `${path || "the whole"} is ${JSON.stringify(value)}`;
}

function differenceInMembers(
  shown: Record<string, unknown>,
  value: Record<string, unknown>,
  path: string,
): string | undefined {
  const names = Object.keys(shown).filter((name) => name !== ANYTHING);
  const more = Object.keys(value).find((name) => !names.includes(name));
  if (more !== undefined && !(ANYTHING in shown)) return `${path}.${more} is not shown`;
  for (const name of names) {
    if (!(name in value)) return `${path}.${name} is missing`;
    const difference = differenceIn(shown[name], value[name], `${path}.${name}`);
    if (difference) return difference;
  }
  return undefined;
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function matches(shown: string, value: string): boolean {
  const pattern = shown.split(ANYTHING).map(escaped);
  return new RegExp(`^${pattern.join("[^\\n]*?")}$`).test(value);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
