/**
 * The part of Postgres' logical replication protocol that carries changes
 * (PostgreSQL documentation, "Logical Replication Message Formats").
 */

/** What the server sends inside CopyData. */
export type StreamMessage =
  | { kind: "data"; change: Uint8Array }
  | { kind: "keepalive"; end: bigint; answer: boolean };

/** Columns in text form, as bytes that are valid only until the next message. */
export type Row = Map<string, Uint8Array | null>;

export const TAG = {
  data: 0x77, // w
  keepalive: 0x6b, // k
  relation: 0x52, // R
  begin: 0x42, // B
  insert: 0x49, // I
  update: 0x55, // U
  delete: 0x44, // D
  newRow: 0x4e, // N
  nothing: 0x6e, // n
  unchanged: 0x75, // u
} as const;
const DATA_HEADER = 25;
export const POSTGRES_EPOCH_MS = Date.UTC(2000, 0, 1);
const decoder = new TextDecoder();

export function readStream(chunk: Uint8Array): StreamMessage | undefined {
  if (chunk[0] === TAG.data) return { kind: "data", change: chunk.subarray(DATA_HEADER) };
  if (chunk[0] !== TAG.keepalive) return undefined;
  const view = viewOf(chunk);
  return { kind: "keepalive", end: view.getBigUint64(1), answer: view.getUint8(17) === 1 };
}

/** Standby status update: everything up to `end` is written, flushed and applied. */
export function acknowledgement(end: bigint): Uint8Array {
  const status = new Uint8Array(34);
  const view = viewOf(status);
  view.setUint8(0, 0x72); // r
  for (const offset of [1, 9, 17]) view.setBigUint64(offset, end);
  view.setBigInt64(25, BigInt(Date.now() - POSTGRES_EPOCH_MS) * 1000n);
  return status;
}

/** Turns changes into rows; keeps the column names that relations announce before their rows. */
export class InsertDecoder {
  readonly #columns = new Map<number, string[]>();

  /** The inserted row; undefined for every other change. */
  decode(change: Uint8Array): Row | undefined {
    if (change[0] === TAG.relation) this.#learn(change);
    if (change[0] !== TAG.insert) return undefined;
    const view = viewOf(change);
    const columns = this.#columns.get(view.getUint32(1));
    if (!columns) return undefined;
    const row: Row = new Map();
    let offset = 8; // tag, relation, 'N', count
    for (const column of columns) {
      const format = view.getUint8(offset++);
      if (format === TAG.nothing || format === TAG.unchanged) {
        row.set(column, null);
        continue;
      }
      const length = view.getInt32(offset);
      offset += 4;
      row.set(column, change.subarray(offset, offset += length));
    }
    return row;
  }

  #learn(change: Uint8Array): void {
    const { id, columns } = readRelation(change);
    this.#columns.set(id, columns.map(({ name }) => name));
  }
}

/** A table as it is announced before its first change. */
export interface Relation {
  id: number;
  schema: string;
  table: string;
  columns: RelationColumn[];
}

export interface RelationColumn {
  name: string;
  /** Part of the replica identity. */
  key: boolean;
  type: number;
}

export function readRelation(change: Uint8Array): Relation {
  const view = viewOf(change);
  let offset = 5;
  const string = () => {
    const end = change.indexOf(0, offset);
    const text = decoder.decode(change.subarray(offset, end));
    offset = end + 1;
    return text;
  };
  const relation: Relation = {
    id: view.getUint32(1),
    schema: string(),
    table: string(),
    columns: [],
  };
  offset += 1; // replica identity
  const count = view.getInt16(offset);
  offset += 2;
  for (let i = 0; i < count; i++) {
    const key = view.getUint8(offset++) === 1;
    const name = string();
    relation.columns.push({ name, key, type: view.getUint32(offset) });
    offset += 8; // type and its modifier
  }
  return relation;
}

export const viewOf = (bytes: Uint8Array) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
