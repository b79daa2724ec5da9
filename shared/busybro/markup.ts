/** Elements that fetch something as soon as they are shown. */
const LOADING =
  /<(?=\/?(?:img|image|picture|source|video|audio|iframe|object|embed|link|script|svg|style|base|form|input|meta)\b)/gi;
const LONGEST = "</picture".length;

/**
 * Answers are Markdown in somebody's browser, and a picture in one is a request that nobody clicked:
 * the way out for data that an injection in captured traffic would use. Pictures become links, and
 * elements that load become text. For streams: what may yet become one is held back.
 */
export function harmlessMarkup(): { push(text: string): string; end(): string } {
  let held = "";
  return {
    push(text) {
      const whole = held + text;
      const cut = openEnd(whole);
      held = whole.slice(cut);
      return harmless(whole.slice(0, cut));
    },
    end() {
      const rest = held;
      held = "";
      return harmless(rest);
    },
  };
}

function harmless(text: string): string {
  return text.replace(/!+(?=\[)/g, "").replace(LOADING, "&lt;");
}

/** Where a text ends that cannot be judged before more of it has come. */
function openEnd(text: string): number {
  if (text.endsWith("!")) return text.replace(/!+$/, "").length;
  const at = text.lastIndexOf("<");
  const open = at >= 0 && text.length - at <= LONGEST && /^<\/?\w*$/.test(text.slice(at));
  return open ? at : text.length;
}
