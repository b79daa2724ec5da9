import { z } from "zod";
import { ANSWER_ROOM } from "./answer.ts";
import { exchangeReader } from "./exchanges.ts";
import { AppError } from "../http/errors.ts";
import { standsForSecret } from "../redaction/placeholders.ts";
import { diffEntries } from "../entries/diff.ts";
import { snippetOf, TARGET_NAMES } from "../snippets/snippet.ts";
import { UnsendableRequest } from "../snippets/request.ts";
import { found, rowsOf } from "./failure.ts";
import { entryId, instant, object, workspaceId } from "./fields.ts";
import { type Operation, operation } from "./operation.ts";
import { bodySlice, bodySlices, outlineOf } from "./outline.ts";
import { filter, filterTree, listChanges, listEntries } from "./selection.ts";

const common = { toolset: "entries", content: "captured" } as const;
const view = { section: "entries", action: "view" } as const;
const edit = { section: "entries", action: "edit" } as const;
const selection = { workspace_id: workspaceId.optional(), filter: filter.optional() };
const cursor = z.object({ ts: instant, id: entryId }).describe("next of the page before")
  .optional();
const bodyLimit = z.int().min(0).max(20_000);

const changes = z.strictObject({
  method: z.string().min(1).max(64).optional(),
  url: z.string().min(1).max(8_192).optional(),
  requestHeaders: z.union([object, z.array(z.array(z.string()))]).optional()
    .describe("{name: value} or [[name, value]]; replaces all of them"),
  requestBody: z.union([z.string(), object, z.null()]).optional()
    .describe("text, {text, encoding: base64}, or null for none"),
});
/** Placeholders of an answer would be sent as they stand, and the answer would be about them. */
function refusePlaceholders({ url = "", requestHeaders = [] }: z.infer<typeof changes>): void {
  const values = Array.isArray(requestHeaders)
    ? requestHeaders.map(([, value]) => value)
    : Object.values(requestHeaders).flat();
  if (![url, ...values].some((value) => standsForSecret(String(value)))) return;
  throw new AppError(
    "invalid_request",
    "changes: they hold a placeholder in place of a secret, which would be sent as it stands. " +
      "Leave requestHeaders or url out and the captured ones are sent, secrets included.",
  );
}

export const ENTRY_OPERATIONS: Operation[] = [
  operation({
    ...common,
    name: "search_entries",
    title: "Search entries",
    summary:
      "Newest captured exchanges that match a filter (hosts, status, headers, bodies …), one line each. Start here.",
    needs: view,
    effect: "read",
    top: true,
    input: () =>
      z.strictObject({
        ...selection,
        before: cursor,
        limit: z.int().min(1).max(200).default(20),
      }),
    run: (call, input) => listEntries(call, input),
  }),
  operation({
    ...common,
    name: "count_entries",
    title: "Count entries",
    summary:
      "How many captured exchanges match: exact up to 1,000, else at least that or estimated.",
    needs: view,
    effect: "read",
    top: true,
    input: () => z.strictObject(selection),
    async run(call, { workspace_id, filter }) {
      return rowsOf(
        await call.db.rpc("entries_filtered_count", {
          ...(workspace_id !== undefined && { workspace_id }),
          filter: filterTree(filter),
        }).abortSignal(call.signal),
      );
    },
  }),
  operation({
    ...common,
    name: "list_entry_changes",
    title: "List new entries",
    summary:
      'Entries in order of arrival, each once: pass the cursor of the answer before; "now" starts here.',
    needs: view,
    effect: "read",
    input: () =>
      z.strictObject({
        workspace_id: workspaceId.optional(),
        after: z.string().max(4_000).optional(),
        page_size: z.int().min(1).max(500).default(50),
      }),
    run: (call, input) => listChanges(call, input),
  }),
  operation({
    ...common,
    name: "outline_entry",
    title: "Outline an entry",
    summary:
      "One exchange without its bulk: line, header names, the shape of its bodies and their sizes.",
    needs: view,
    effect: "read",
    redacts: true,
    top: true,
    input: () => z.strictObject({ id: entryId }),
    run: async (call, { id }) => outlineOf(await exchangeReader(call).one(id)),
  }),
  operation({
    ...common,
    name: "get_entry",
    title: "Get an entry",
    summary: "One exchange with headers and the beginning of its bodies; get_entry_body reads on.",
    needs: view,
    effect: "read",
    redacts: true,
    top: true,
    input: () =>
      z.strictObject({
        id: entryId,
        body_limit: bodyLimit.default(4_000).describe("characters of each body"),
      }),
    async run(call, { id, body_limit }) {
      const { payload, ...entry } = await exchangeReader(call).one(id);
      const { requestBody: _request, responseBody: _response, ...rest } = payload;
      const room = ANSWER_ROOM - JSON.stringify({ entry, rest }).length;
      const { request, response } = bodySlices(payload, body_limit, room);
      return { ...entry, payload: { ...rest, requestBody: request, responseBody: response } };
    },
  }),
  operation({
    ...common,
    name: "get_entry_body",
    title: "Read a slice of a body",
    summary: "Characters offset to offset + length of a request's or response's body.",
    needs: view,
    effect: "read",
    redacts: true,
    top: true,
    input: () =>
      z.strictObject({
        id: entryId,
        of: z.enum(["request", "response"]),
        offset: z.int().min(0).default(0),
        length: z.int().min(1).max(20_000).default(8_000),
      }),
    async run(call, { id, of, offset, length }) {
      const { payload } = await exchangeReader(call).one(id, [`${of}_body`]);
      return { id, of, body: bodySlice(payload[`${of}Body`], offset, length) };
    },
  }),
  operation({
    ...common,
    name: "inspect_requests",
    title: "Inspect a host's requests",
    summary: "The newest exchanges with one host, with headers and the beginning of their bodies.",
    needs: view,
    effect: "read",
    redacts: true,
    top: true,
    input: () =>
      z.strictObject({
        host: z.string().max(253).regex(/^[^\s*]+\.[^\s*]+$/, "give a full host name, with a dot"),
        path: z.string().max(500).optional().describe("only paths that begin with this"),
        workspace_id: workspaceId.optional(),
        limit: z.int().min(1).max(20).default(5),
        body_limit: bodyLimit.default(1_000).describe("characters of each body"),
      }),
    async run(call, { host, path, workspace_id, limit, body_limit }) {
      const of = { field: "host", op: "eq", value: host.toLowerCase() };
      const { rows } = await listEntries(call, {
        workspace_id,
        limit,
        filter: path === undefined
          ? of
          : { and: [of, { field: "path", op: "prefix", value: path }] },
      });
      const entries = await exchangeReader(call).many(rows.map(({ id }) => id));
      const requests = entries.map(({ payload, ...entry }) => {
        const rest = {
          id: entry.id,
          ts: entry.ts,
          method: entry.method,
          url: entry.url,
          status: entry.status,
          duration_ms: entry.duration_ms,
          os: payload["os"] ?? null,
          error: entry.error,
          request_headers: payload["requestHeaders"],
          response_headers: payload["responseHeaders"],
        };
        const room = ANSWER_ROOM / entries.length - JSON.stringify(rest).length;
        const { request, response } = bodySlices(payload, body_limit, room);
        return { ...rest, request_body: request, response_body: response };
      });
      return { requests };
    },
  }),
  operation({
    ...common,
    name: "diff_entries",
    title: "Compare two entries",
    summary:
      "How exchange b differs from a: line, headers, bodies by field, timings. Good for works-here-fails-there.",
    needs: view,
    effect: "read",
    redacts: true,
    top: true,
    input: () => z.strictObject({ a: entryId, b: entryId }),
    async run(call, { a, b }) {
      const reader = exchangeReader(call);
      // At once: what the database hides is told apart within an answer of its own alone.
      const entries = await reader.many([a, b]);
      const entry = (id: string) =>
        found(entries.find((one) => one.id === id.toLowerCase()) ?? null, "entry");
      return await diffEntries(entry(a), entry(b));
    },
  }),
  operation({
    ...common,
    name: "get_entry_snippet",
    title: "Get an entry as code",
    summary:
      "curl or fetch code that sends an entry's request again, with placeholders for secrets.",
    needs: view,
    effect: "read",
    redacts: true,
    top: true,
    input: () => z.strictObject({ id: entryId, target: z.enum(TARGET_NAMES).default("curl") }),
    async run(call, { id, target }) {
      try {
        return {
          target,
          ...snippetOf(await exchangeReader(call).one(id), target, { secrets: false }),
        };
      } catch (error) {
        if (!(error instanceof UnsendableRequest)) throw error;
        throw new AppError("invalid_request", `id: ${error.message}`);
      }
    },
  }),
  operation({
    ...common,
    name: "resend_entry",
    title: "Send a request again",
    summary:
      "Sends a captured request again through its device, changed if you like. The result is a new entry with resent_from.",
    needs: { section: "devices", action: "edit" },
    effect: "write",
    openWorld: true,
    top: true,
    input: () =>
      z.strictObject({
        id: entryId,
        changes: changes.default({}),
        idempotency_key: z.string().min(1).max(255).optional(),
      }),
    async run(call, { id, changes, idempotency_key }) {
      refusePlaceholders(changes);
      const sent = rowsOf(
        await call.db.rpc("resend_entry", {
          id,
          changes: changes as never,
          ...(idempotency_key !== undefined && { idempotency_key }),
        }).abortSignal(call.signal),
      );
      return found(sent, "entry");
    },
  }),
  operation({
    ...common,
    content: "product",
    name: "clear_entries",
    title: "Clear entries",
    summary:
      "Deletes a workspace's captures up to a moment, at most 20,000 a call; call again until complete.",
    needs: edit,
    effect: "destructive",
    confirm: "all",
    input: () =>
      z.strictObject({
        workspace_id: workspaceId,
        before: instant.optional().describe("now, if left out"),
      }),
    async run(call, { workspace_id, before }) {
      const cleared = rowsOf(
        await call.db.rpc("clear_entries", {
          workspace_id,
          ...(before !== undefined && { before }),
        }).abortSignal(call.signal),
      );
      return found(cleared, "workspace of your own");
    },
  }),
];
