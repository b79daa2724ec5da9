// npm run token -- <email>: prints an access token for a demo account, and nothing else.

import { accessTokenFor } from "./access-token.ts";
import { readOptions } from "./arguments.ts";
import { Complaint, runProgram } from "./complaint.ts";
import { readStackInfo, stackFile } from "./stack-info.ts";

await runProgram(async () => {
  readOptions("Usage: npm run token -- <email>", { allowPositionals: true });
  const [email, ...rest] = process.argv.slice(2);
  const stack = readStackInfo(stackFile(process.env));
  if (email === undefined || rest.length > 0) {
    const known = stack.users.map((user) => user.email).join(", ");
    throw new Complaint(`Usage: npm run token -- <email>, with one of: ${known}`);
  }
  const { access_token } = await accessTokenFor(stack, email);
  process.stdout.write(`${access_token}\n`);
});
