import { resolve } from "node:path";
import { readOptions } from "../scripts/arguments.ts";
import { Complaint, runProgram } from "../scripts/complaint.ts";
import { type Stack, startStack } from "./stack.ts";

const DEFAULT_PORT = 54321;

await runProgram(async () => {
  readOptions("Usage: npm start, with PORT and BUSYMATE_DATA in the environment", {});
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Complaint(
      "The embedded stack runs on Linux x64; elsewhere use Docker: `npx supabase start` brings up " +
        "the same migrations and functions.",
    );
  }
  const report = (line: string) => void process.stdout.write(`${line}\n`);
  const starting = startStack({
    dataDir: resolve(process.env["BUSYMATE_DATA"] || ".busymate"),
    port: portOf(process.env["PORT"]),
    watch: true,
    rootWellKnown: process.env["BUSYMATE_ROOT_WELL_KNOWN"] !== "0",
    allowLoopbackDocuments: process.env["BUSYMATE_ALLOW_LOOPBACK_DOCUMENTS"] === "1",
    secrets: secretsIn(process.env),
    report,
  });
  stopOnSignal(starting, report);
  const stack = await starting;
  report(welcome(stack));
});

/** The variables that a hosted project would be given with `supabase secrets set`. */
function secretsIn(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      /^(BUSYBRO|TELEGRAM)_/.test(name) && value ? [[name, value]] : []
    ),
  );
}

function portOf(text: string | undefined): number {
  if (!text) return DEFAULT_PORT;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw new Complaint(`PORT must be a number from 1 to 65535, not "${text}".`);
}

/**
 * Ends the stack in order. A second signal changes nothing: Ctrl-C reaches us twice under npm, once
 * from the terminal and once from the runner in between.
 */
function stopOnSignal(starting: Promise<Stack>, report: (line: string) => void): void {
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    report("\nStopping …");
    const stack = await starting.catch(() => undefined);
    await stack?.stop();
    report("Stopped. Nothing is lost: `npm start` goes on from here.");
    process.exit();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => void runProgram(stop));
  }
}

/** What there is, who may sign in, and what to try. */
function welcome({ info }: Stack): string {
  const rows = (pairs: [string, string][]) =>
    pairs.map(([name, value]) => `  ${name.padEnd(12)} ${value}`).join("\n");
  const user = info.users.find(({ role }) => role === "member") ?? info.users[0];
  return `
Busymate is ready.

${
    rows([
      ["URL", info.url],
      ["REST", `${info.url}/rest/v1`],
      ["Auth", `${info.url}/auth/v1`],
      ["Realtime", `${info.url.replace("http", "ws")}/realtime/v1`],
      ["MCP", info.issuer],
      ["Database", info.db_url],
      ["API key", info.publishable_key],
    ])
  }

Demo accounts (password ${user?.password}):
${
    rows(
      info.users.map((
        { email, role, workspace_id },
      ) => [role, `${email.padEnd(20)} ${workspace_id}`]),
    )
  }

Try, in another terminal:
  npm run demo
  npm run token -- ${user?.email}
  curl ${info.url}/api/version

Ctrl-C stops everything.`;
}
