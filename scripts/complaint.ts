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
    const text = error instanceof Complaint
      ? error.message
      : error instanceof Error
      ? error.stack ?? error.message
      : String(error);
    process.stderr.write(`${text}\n`);
    process.exitCode = 1;
  }
}
