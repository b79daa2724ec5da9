import { z } from "zod";
import type { StoredEntry } from "../entries/exchange.ts";
import { harChunks } from "../har/export.ts";
import { toAppError } from "../http/errors.ts";
import { OpenApiBuilder } from "../openapi/builder.ts";
import version from "../../version.json" with { type: "json" };
import { ANSWER_ROOM } from "./answer.ts";
import type { Call } from "./call.ts";
import { exchangeReader } from "./exchanges.ts";
import { found, rowsOf } from "./failure.ts";
import { id, workspaceId } from "./fields.ts";
import { type Operation, operation } from "./operation.ts";
import { sliceOf } from "./paging.ts";
import { anyTable } from "./rows.ts";
import { filter, listEntries } from "./selection.ts";

const common = {
  toolset: "entries",
  needs: { section: "entries", action: "view" },
  effect: "read",
  content: "captured",
} as const;
const selection = {
  workspace_id: workspaceId.optional(),
  filter: filter.optional(),
  limit: z.int().min(1).max(2_000).default(200).describe("entries, the newest first"),
};
const PAGE = 50;
/** A job's row holds its result; larger ones are for `npm run har` and the function `entries`. */
const RESULT_LIMIT = 8 * 1_048_576;

type Selection = z.infer<z.ZodObject<typeof selection>>;

export const EXPORT_OPERATIONS: Operation[] = [
  operation({
    ...common,
    top: true,
    name: "export_har",
    title: "Export as HAR",
    summary:
      "Makes a HAR 1.2 file of the entries that match. Answers a job; get_job gives the file in slices.",
    input: () => z.strictObject(selection),
    run: (call, input) => startJob(call, "export_har", input, harOf),
  }),
  operation({
    ...common,
    name: "export_openapi",
    title: "Export as OpenAPI",
    summary:
      "Infers an OpenAPI 3.1 document from the entries that match. Answers a job; get_job gives the document.",
    input: () => z.strictObject({ ...selection, title: z.string().min(1).max(200).optional() }),
    run: (call, input) => startJob(call, "export_openapi", input, openApiOf),
  }),
  operation({
    ...common,
    toolset: "insight",
    needs: null,
    redacts: true,
    top: true,
    name: "get_job",
    title: "Get a job",
    summary: "Whether long work is done, and its result from a character on.",
    input: () =>
      z.strictObject({
        id: id("a job"),
        offset: z.int().min(0).default(0),
        length: z.int().min(1).max(20_000).default(20_000),
      }),
    async run(call, { id, offset, length }) {
      const row = rowsOf(
        await anyTable(call, "jobs").select("*").eq("id", id).abortSignal(call.signal)
          .maybeSingle(),
      ) as { result: { text: string } | null } | null;
      const { result, ...rest } = found(row, "job");
      const text = result?.text;
      if (text === undefined) return rest;
      const room = ANSWER_ROOM - JSON.stringify(rest).length;
      const { text: slice, ...next } = sliceOf(text, offset, length, room);
      return { ...rest, result: { text: slice, characters: text.length, ...next } };
    },
  }),
];

/** Notes the work down, answers its id at once and goes on with it after the answer. */
async function startJob<Input extends Selection>(
  call: Call,
  kind: string,
  input: Input,
  work: (call: Call, input: Input, progress: (share: number) => Promise<void>) => Promise<string>,
) {
  const job = rowsOf(
    await anyTable(call, "jobs").insert({ kind, status: "running", arguments: input })
      .select("id,kind,status,created_at,expires_at").abortSignal(call.signal).single(),
  ) as unknown as { id: string };
  // The request's own end must not end the work: only the job's row tells of it from now on.
  const detached = { ...call, signal: AbortSignal.timeout(120_000) };
  const note = async (change: Record<string, unknown>) => {
    rowsOf(await anyTable(detached, "jobs").update(change).eq("id", job.id));
  };
  call.background((async () => {
    try {
      const text = await work(
        detached,
        input,
        (share) => note({ progress: Math.floor(share * 100) }),
      );
      await note(
        text.length > RESULT_LIMIT
          ? {
            status: "failed",
            error: `The result has ${text.length} characters; narrow the filter.`,
          }
          : { status: "done", progress: 100, result: { text } },
      );
    } catch (error) {
      await note({ status: "failed", error: toAppError(error).message });
    }
  })());
  return { job, advice: "Call get_job with its id until status is done." };
}

/** The entries of a selection with their payloads, a page at a time. */
async function* selected(
  call: Call,
  { limit, ...selection }: Selection,
  progress: (share: number) => Promise<void>,
): AsyncGenerator<StoredEntry> {
  const reader = exchangeReader(call, "export");
  let before: { ts: string; id: string } | undefined;
  for (let done = 0; done < limit;) {
    const { rows, next } = await listEntries(call, {
      ...selection,
      before,
      limit: Math.min(PAGE, limit - done),
    });
    yield* await reader.many(rows.map(({ id }) => id));
    done += rows.length;
    await progress(done / limit);
    if (!next) return;
    before = next;
  }
}

async function harOf(
  call: Call,
  input: Selection,
  progress: (share: number) => Promise<void>,
): Promise<string> {
  const creator = { name: version.name, version: version.version };
  let text = "";
  for await (const chunk of harChunks(selected(call, input, progress), creator)) text += chunk;
  return text;
}

async function openApiOf(
  call: Call,
  input: Selection & { title?: string | undefined },
  progress: (share: number) => Promise<void>,
): Promise<string> {
  const builder = new OpenApiBuilder();
  for await (const entry of selected(call, input, progress)) builder.add(entry);
  return JSON.stringify(builder.document(input.title));
}
