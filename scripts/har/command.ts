import { createWriteStream, readFileSync } from "node:fs";
import { readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { type Filter, FilterError } from "busymate-client";
import { checkFilter } from "../../shared/filter/ast.ts";
import { parseFilter } from "../../shared/filter/parse.ts";
import { type ExportedEntry, harChunks } from "../../shared/har/export.ts";
import { HarError, importHar, type ImportItem } from "../../shared/har/import.ts";
import { ingestClient } from "../capture/ingest.ts";
import { Complaint } from "../complaint.ts";
import { deviceOf } from "../device.ts";
import { storedEntries } from "./export.ts";
import { importItems, type ImportSummary } from "./import.ts";
import { type Person, person } from "../person.ts";
import { readStackInfo, stackFile } from "../stack-info.ts";
import { VersionFile } from "../version.ts";

const USAGE = `Usage:
  npm run har -- import FILE --device NAME [--email ACCOUNT]
  npm run har -- export --out FILE [--device NAME] [--filter FILTER] [--email ACCOUNT]
ACCOUNT is a demo account, ada@busymate.test by default; a device is paired when it is new.`;

/** Faults beyond these are counted only. */
const SHOWN_FAULTS = 50;

/** Where the command runs, and what it writes to. */
export interface Terminal {
  environment: Record<string, string | undefined>;
  out(text: string): void;
  err(text: string): void;
  /** A line that the next one replaces. */
  progress(line: string): void;
}

/** `npm run har`: HAR files in and out. Ends with a Complaint where it fails. */
export async function harCommand(args: string[], terminal: Terminal): Promise<void> {
  const values = readArguments(args);
  const { file } = values;
  const items = values.command === "import" ? await readHarFile(file) : [];
  const location = stackFile(terminal.environment);
  const stack = readStackInfo(location);
  const account = person(stack, values.email);
  if (values.command === "export") return await exportTo(file, account, values, terminal);
  const device = await deviceOf(stack, dirname(location), account, values.device);
  const summary = await importItems(items, {
    ingest: ingestClient(stack.url, device.token),
    onProgress: ({ added, present }) =>
      terminal.progress(`${added} new, ${present} already there …`),
    onRetry: (reason, ms) => terminal.progress(`${reason}; again in ${(ms / 1000).toFixed(1)} s`),
  });
  reportImport(summary, terminal);
}

function readArguments(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        device: { type: "string" },
        out: { type: "string" },
        filter: { type: "string" },
        email: { type: "string" },
      },
    });
    const [command, file, ...rest] = positionals;
    const { email = "ada@busymate.test", device, out, filter } = values;
    if (command === "import" && file && device && !out && rest.length === 0) {
      return { command, file, device, email } as const;
    }
    if (command === "export" && out && file === undefined) {
      return { command, file: out, device, filter, email } as const;
    }
  } catch (error) {
    throw new Complaint(`${(error as Error).message}\n${USAGE}`);
  }
  throw new Complaint(USAGE);
}

async function readHarFile(file: string): Promise<ImportItem[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new Complaint(`Cannot read ${file}: ${(error as Error).message}`);
  }
  const items: ImportItem[] = [];
  try {
    for await (const item of importHar(text)) items.push(item);
  } catch (error) {
    throw error instanceof HarError ? new Complaint(`${file}: ${error.message}`) : error;
  }
  return items;
}

function reportImport({ added, present, faults }: ImportSummary, terminal: Terminal): void {
  terminal.progress("");
  for (const { index, message } of faults.slice(0, SHOWN_FAULTS)) {
    terminal.err(`entry ${index}: ${message}\n`);
  }
  if (faults.length > SHOWN_FAULTS) {
    terminal.err(`… and ${faults.length - SHOWN_FAULTS} more faults\n`);
  }
  terminal.out(`${added} new, ${present} already there, ${faults.length} faults\n`);
  if (added + present === 0 && faults.length > 0) throw new Complaint("Nothing was imported.");
}

async function exportTo(
  file: string,
  account: Person,
  values: { device?: string | undefined; filter?: string | undefined },
  terminal: Terminal,
): Promise<void> {
  const { client, workspaceId } = account;
  const deviceUuid = values.device === undefined
    ? undefined
    : await deviceNamed(account, values.device);
  const counts = { entries: 0, redacted: 0 };
  const counted = async function* (entries: AsyncIterable<ExportedEntry>) {
    for await (const entry of entries) {
      counts.entries += 1;
      if (entry.redacted) counts.redacted += 1;
      if (counts.entries % 200 === 0) terminal.progress(`${counts.entries} entries …`);
      yield entry;
    }
  };
  const entries = storedEntries({
    client,
    workspaceId,
    ...(deviceUuid === undefined ? {} : { deviceUuid }),
    ...(values.filter === undefined ? {} : { filter: readFilter(values.filter) }),
  });
  const creator = { name: "Busymate", version: productVersion() };
  // Written aside and moved, so that FILE is a whole HAR or not there.
  const aside = `${file}.part`;
  await pipeline(Readable.from(harChunks(counted(entries), creator)), createWriteStream(aside));
  await rename(aside, file);
  terminal.progress("");
  terminal.out(`${counts.entries} entries in ${file}\n`);
  if (counts.redacted > 0) {
    terminal.err(
      `${counts.redacted} of them redacted: ${account.email} may not see secrets, or the policy of exports hides them\n`,
    );
  }
}

function productVersion(): string {
  const file = readFileSync(new URL("../../version.json", import.meta.url), "utf8");
  return VersionFile.parse(JSON.parse(file)).version;
}

async function deviceNamed(
  { client: { supabase }, workspaceId, email }: Person,
  name: string,
): Promise<string> {
  const { data, error } = await supabase.from("devices").select("uuid")
    .eq("workspace_id", workspaceId).eq("name", name).maybeSingle();
  if (error) throw new Complaint(`Cannot look the device up: ${error.message}`);
  if (!data) throw new Complaint(`There is no device "${name}" in the workspace of ${email}.`);
  return data.uuid;
}

/** A filter as text, or as the tree it stands for. */
function readFilter(text: string): Filter {
  try {
    return text.trimStart().startsWith("{") ? checkFilter(JSON.parse(text)) : parseFilter(text);
  } catch (error) {
    if (!(error instanceof FilterError || error instanceof SyntaxError)) throw error;
    const at = error instanceof FilterError && error.position ? ` (at ${error.position})` : "";
    throw new Complaint(
      `--filter: ${error.message}${at}. Write it as 'host:*.example.com status>=400', ` +
        `or as JSON: '{"field":"status","op":"gte","value":400}'.`,
    );
  }
}
