// How a command line program ends when the person, not the program, has something to put right.

/** A message for the person who typed the command: one sentence, with what to do about it. */
export class Complaint extends Error {
  override readonly name = "Complaint";
}

/** Runs a program: a complaint is printed alone, a fault of the program with its trace. */
export async function runProgram(program: () => Promise<void> | void): Promise<void> {
  try {
    await program();
  } catch (error) {
    process.stderr.write(`${wordsFor(error)}\n`);
    process.exitCode = 1;
  }
}

function wordsFor(error: unknown): string {
  if (error instanceof Complaint) return error.message;
  if (!(error instanceof Error)) return String(error);
  return refusalOf(error) ?? error.stack ?? error.message;
}

/** What a file system refuses: the person chose the path, and the disk is theirs. */
const REFUSED = new Set(
  [
    "EACCES",
    "EDQUOT",
    "EISDIR",
    "ELOOP",
    "ENAMETOOLONG",
    "ENOENT",
    "ENOSPC",
    "ENOTDIR",
    "EPERM",
    "EROFS",
  ],
);

/** The refusal in a sentence, if that is what the error is: `/a/b: permission denied (EACCES)`. */
function refusalOf({ message, code = "", path }: NodeJS.ErrnoException): string | undefined {
  // Node puts it as "EACCES: permission denied, open '/a/b'"; a socket's error is put otherwise.
  const reason = new RegExp(`^${code}: ([^,]+), `).exec(message)?.[1];
  if (!REFUSED.has(code) || reason === undefined) return undefined;
  return `${path === undefined ? "" : `${path}: `}${reason} (${code})`;
}
