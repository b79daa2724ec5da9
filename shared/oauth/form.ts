import { AppError } from "../http/errors.ts";
import { readBytes } from "../http/body.ts";

export const BODY_LIMIT = 65_536;
const FORM = "application/x-www-form-urlencoded";

/** Parameters of a request, each given at most once (RFC 6749 section 3.1). */
export interface Parameters {
  get(name: string): string | undefined;
  /** Every value of one that may be repeated. */
  all(name: string): string[];
  /** Names given more than once. */
  readonly repeated: readonly string[];
}

/** A parameter without a value is a parameter not sent (RFC 6749 section 3.1). */
export function parameters(search: URLSearchParams): Parameters {
  const all = (name: string) => search.getAll(name).filter((value) => value !== "");
  const names = [...new Set(search.keys())];
  return {
    all,
    get: (name) => all(name)[0],
    repeated: names.filter((name) => search.getAll(name).length > 1),
  };
}

/** The body of a token, revocation or introspection request. */
export async function readForm(request: Request): Promise<Parameters> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== FORM) throw new AppError("invalid_request", `Content-Type must be ${FORM}.`);
  const bytes = await readBytes(request, { limit: BODY_LIMIT });
  const form = parameters(new URLSearchParams(new TextDecoder().decode(bytes)));
  // RFC 8707 section 2 lets a request name several resources.
  const repeated = form.repeated.find((name) => name !== "resource");
  if (repeated) throw new AppError("invalid_request", `${repeated}: must be sent only once.`);
  return form;
}

/** A parameter the request cannot do without. */
export function demand(form: Parameters, name: string): string {
  const value = form.get(name);
  if (value === undefined) throw new AppError("invalid_request", `${name}: is missing.`);
  return value;
}
