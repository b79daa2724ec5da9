/** As base64 of JSON, XML and forms begins: `{"`, `[{"`, `{ "`, `{` and a line break, `<?xml`, `password=` … */
export const ENCODED =
  "eyJ W3si eyAi ewog ewoJ ew0K PD94 cGFzc3dvcmQ9 dXNlcm5hbWU9 dXNlcj Z3JhbnRfdHlwZT Y2xpZW50X2lk"
    .split(" ");

/** A cookie, a cursor or an OAuth state: base64 of a text with a structure. */
const ENCODED_RUN = new RegExp(
  `(?<![\\w+/=-])(?:${ENCODED.join("|")})[\\w+/-]{12,}={0,2}(?![\\w.+/-])`,
  "y",
);

/** What stands encoded at a place, and where it ends; null where nothing does. */
export function encodedAt(text: string, at: number): { inner: string; end: number } | null {
  ENCODED_RUN.lastIndex = at;
  const run = ENCODED_RUN.exec(text)?.[0];
  const inner = run === undefined ? null : fromBase64(run);
  return inner === null ? null : { inner, end: at + run!.length };
}

function fromBase64(run: string): string | null {
  try {
    const spelled = run.replace(/=+$/, "").replaceAll("-", "+").replaceAll("_", "/");
    return atob(spelled);
  } catch {
    return null;
  }
}
