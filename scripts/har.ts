// npm run har -- import FILE --device NAME | export --out FILE: HAR files in and out.

import { runProgram } from "./complaint.ts";
import { harCommand } from "./har/command.ts";

await runProgram(() =>
  harCommand(process.argv.slice(2), {
    environment: process.env,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    progress: (line) => {
      // For a person at a terminal; a log needs no line that is replaced at once.
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
    },
  })
);
