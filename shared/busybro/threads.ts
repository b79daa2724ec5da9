import { AppError } from "../http/errors.ts";
import type { Call } from "../operations/call.ts";
import { rowsOf } from "../operations/failure.ts";
import type { Cleaner } from "./cleaning.ts";
import type { SpokenTurn, Turn } from "./turn.ts";
import { bringsWords } from "./turn.ts";

/** A conversation as far as the next turn needs it. */
export interface Thread {
  id: string;
  tainted: boolean;
  /** What was said in it before, oldest first. */
  said: SpokenTurn[];
}

const TURNS_KEPT = 30;
const TITLE_LIMIT = 120;

/** The conversation a turn belongs to: an own one by its id, else a new one. */
export async function openThread(call: Call, turn: Turn, clean: Cleaner): Promise<Thread> {
  const thread = turn.threadId === null
    ? await beginThread(call, turn, clean)
    : await resumeThread(call, turn.threadId);
  if (bringsWords(turn) && !thread.tainted) await taintThread(call, thread.id);
  return { ...thread, tainted: thread.tainted || bringsWords(turn) };
}

async function beginThread({ db, signal }: Call, turn: Turn, clean: Cleaner): Promise<Thread> {
  const row = rowsOf(
    await db.from("busybro_threads")
      .insert({
        title: clean.text(turn.question).slice(0, TITLE_LIMIT),
        surface: turn.surface,
        tainted: bringsWords(turn),
      })
      .select("id,tainted").abortSignal(signal).single(),
  );
  return { id: row!.id, tainted: row!.tainted, said: turn.history };
}

async function resumeThread({ db, signal }: Call, id: string): Promise<Thread> {
  const row = rowsOf(
    await db.from("busybro_threads").select("id,tainted,busybro_messages(role,text)")
      .eq("id", id)
      .order("id", { referencedTable: "busybro_messages", ascending: false })
      .limit(TURNS_KEPT, { referencedTable: "busybro_messages" })
      .abortSignal(signal).maybeSingle(),
  );
  if (!row) {
    throw new AppError("not_found", "thread_id: there is no such conversation of yours.");
  }
  // What is stored is what was said; a client's own account of it adds nothing.
  const said = (row.busybro_messages as SpokenTurn[]).toReversed();
  return { id: row.id, tainted: row.tainted, said };
}

/** From now on and for good: the database keeps the mark whatever is asked of it later. */
export async function taintThread({ db, signal }: Call, id: string): Promise<void> {
  rowsOf(
    await db.from("busybro_threads").update({ tainted: true }).eq("id", id).abortSignal(signal),
  );
}

export interface SpokenMessage extends SpokenTurn {
  specialist?: string;
  tools?: { name: string; status: string }[];
}

/** Keeps what was said. */
export async function remember(
  { db, signal }: Call,
  threadId: string,
  messages: SpokenMessage[],
): Promise<void> {
  const rows = messages.map(({ role, text, specialist, tools }) => ({
    thread_id: threadId,
    role,
    text,
    specialist: specialist ?? null,
    tools: tools ?? [],
  }));
  rowsOf(await db.from("busybro_messages").insert(rows).abortSignal(signal));
}
