import { isSecretName } from "../redaction/names.ts";
import { replaceSecrets } from "../redaction/values.ts";

/**
 * A value as a model may see it: what carries a secret by its name or its look is a placeholder that
 * says what it was. The database has already left out what it knows; this is the last door.
 */
export function cleaned(value: unknown): unknown {
  if (typeof value === "string") return cleanedText(value);
  if (Array.isArray(value)) return cleanedList(value);
  if (value === null || typeof value !== "object") return value;
  const named = value as Record<string, unknown>;
  // {name, value}: how HAR and many forms write a header, a cookie or a parameter.
  if (typeof named["name"] === "string" && "value" in named && isSecretName(named["name"])) {
    return { ...named, value: placeholder(named["name"]) };
  }
  return Object.fromEntries(
    Object.entries(named).map(([name, inner]) => [
      name,
      isSecretName(name) && carries(inner) ? placeholder(name) : cleaned(inner),
    ]),
  );
}

/** `["authorization", "Bearer …"]` is a header as a pair. */
function cleanedList(list: unknown[]): unknown[] {
  const [name, value] = list;
  if (list.length === 2 && typeof name === "string" && isSecretName(name) && carries(value)) {
    return [name, placeholder(name)];
  }
  return list.map(cleaned);
}

const PARAMETER = /(^|[?&;\s"'])([\w.[\]-]{1,60})=([^&;\s"'<>]+)/g;
const JSON_MEMBER = /"([^"\\]{1,60})"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*)/g;
const HEADER_LINE = /^([\w-]{1,60}):[ \t]*(\S.*)$/gm;

/** The same within a text: a URL, a form, JSON that was captured as text, headers as lines. */
export function cleanedText(text: string): string {
  const byName = text
    .replace(
      PARAMETER,
      (whole, before: string, name: string) =>
        isSecretName(name) ? `${before}${name}=${placeholder(name)}` : whole,
    )
    .replace(
      JSON_MEMBER,
      (whole, name: string) => isSecretName(name) ? `"${name}":"${placeholder(name)}"` : whole,
    )
    .replace(
      HEADER_LINE,
      (whole, name: string) => isSecretName(name) ? `${name}: ${placeholder(name)}` : whole,
    );
  return replaceSecrets(byName, "<secret>");
}

function placeholder(name: string): string {
  return `<${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_")}>`;
}

/** Flags and empty things under a telling name ("has_password": true) are no secrets. */
function carries(value: unknown): boolean {
  return (typeof value === "string" && value !== "") || typeof value === "number" ||
    Array.isArray(value);
}
