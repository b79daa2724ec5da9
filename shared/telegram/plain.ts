/**
 * BusyBro's Markdown as plain text. Telegram would take Markdown or HTML only when it is flawless, and
 * refuses the message otherwise; captured traffic quoted in an answer could make it either.
 */
export function plainText(markdown: string): string {
  let inCode = false;
  return markdown.split("\n").flatMap((line) => {
    if (line.startsWith("```")) {
      inCode = !inCode;
      return [];
    }
    // A block of code is quoted as it is.
    return [inCode ? line : withoutMarks(line)];
  }).join("\n");
}

function withoutMarks(line: string): string {
  return line
    .replace(/^#{1,6} +/, "")
    .replace(/^( *)[*-] +/, "$1• ")
    .replace(/\*\*([^*]+)\*\*/g, "$1")
    .replace(/`([^`]+)`/g, "$1")
    // The address stays to be seen: a link's text may claim to lead elsewhere.
    .replace(/\[([^[\]]*)\]\(([^()\s]+)\)/g, "$1 ($2)");
}
