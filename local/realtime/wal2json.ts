import {
  POSTGRES_EPOCH_MS,
  readRelation,
  type Relation,
  type RelationColumn,
  TAG,
  viewOf,
} from "./pgoutput.ts";

/** A column of a changed row, with its value in Postgres' text form. */
export interface WalColumn {
  name: string;
  typeoid: number;
  value: string | null;
}

/** A change in the shape of wal2json's format 2, which is what realtime.apply_rls() reads. */
export interface WalChange {
  action: "I" | "U" | "D";
  schema: string;
  table: string;
  /** When its transaction committed. */
  timestamp: string;
  /** The row as it is now; none of a DELETE. Long values that did not change are left out. */
  columns?: WalColumn[];
  /** The replica identity as it was; none of an INSERT. */
  identity?: WalColumn[];
}

/** A table that changes are about, by its number in the catalogue. */
export interface ChangedTable {
  relation: number;
  change: WalChange;
}

const decoder = new TextDecoder();
const ACTIONS = new Map([[TAG.insert, "I"], [TAG.update, "U"], [TAG.delete, "D"]] as const);

/** Reads the messages of one call of pg_logical_slot_get_binary_changes, in order. */
export class ChangeDecoder {
  readonly #relations = new Map<number, Relation>();
  #timestamp = "";

  /** The change a message carries; undefined for every other message, TRUNCATE among them. */
  decode(message: Uint8Array): ChangedTable | undefined {
    const tag = message[0] as typeof TAG.insert;
    const view = viewOf(message);
    if (tag as number === TAG.begin) {
      const ms = Number(view.getBigInt64(9) / 1000n) + POSTGRES_EPOCH_MS;
      this.#timestamp = new Date(ms).toISOString();
    } else if (tag as number === TAG.relation) {
      const relation = readRelation(message);
      this.#relations.set(relation.id, relation);
    }
    const action = ACTIONS.get(tag);
    const relation = action && this.#relations.get(view.getUint32(1));
    if (!relation) return undefined;
    const { schema, table } = relation;
    const change: WalChange = { action, schema, table, timestamp: this.#timestamp };
    return { relation: relation.id, change: { ...change, ...sides(message, relation) } };
  }
}

/** The old and the new row: K (key) or O (whole row), then N. */
function sides(
  message: Uint8Array,
  { columns }: Relation,
): Pick<WalChange, "columns" | "identity"> {
  const keys = columns.filter(({ key }) => key).map(({ name }) => name);
  const isKey = ({ name }: WalColumn) => keys.includes(name);
  let offset = 5;
  let old: WalColumn[] | undefined;
  if (message[offset] !== TAG.newRow) {
    [old, offset] = tuple(message, offset + 1, columns);
    if (message[5] === OLD_KEY) old = old.filter(isKey);
  }
  if (offset >= message.length) return { identity: old ?? [] };
  const [now] = tuple(message, offset + 1, columns);
  if (message[0] === TAG.insert) return { columns: now };
  // Without an old row its key has not changed.
  return { columns: now, identity: old ?? now.filter(isKey) };
}

const OLD_KEY = 0x4b; // K

function tuple(
  message: Uint8Array,
  start: number,
  columns: readonly RelationColumn[],
): [WalColumn[], end: number] {
  const view = viewOf(message);
  const row: WalColumn[] = [];
  let offset = start + 2; // their number
  for (const { name, type: typeoid } of columns) {
    const format = view.getUint8(offset++);
    if (format === TAG.unchanged) continue;
    if (format === TAG.nothing) {
      row.push({ name, typeoid, value: null });
      continue;
    }
    const length = view.getInt32(offset);
    offset += 4;
    const value = decoder.decode(message.subarray(offset, offset += length));
    row.push({ name, typeoid, value });
  }
  return [row, offset];
}
