/**
 * Frames of the Phoenix channel protocol as Supabase Realtime speaks it. Version 1 is JSON objects,
 * version 2 JSON arrays and, for broadcasts, a binary form whose payload nobody needs to parse.
 */
export type Version = 1 | 2;

/** A frame ready to be written, to any number of sockets. */
export interface Frame {
  bytes: Uint8Array;
  binary: boolean;
}

/** An event on a topic, in either direction. */
export interface Message {
  joinRef: string | null;
  ref: string | null;
  topic: string;
  event: string;
  payload: unknown;
}

/** A broadcast that is passed on without reading its payload. */
export interface Broadcast {
  event: string;
  encoding: "json" | "binary";
  body: Uint8Array;
  meta?: { id: string; replayed?: true };
}

/** A client's broadcast in the binary form. */
export interface BroadcastPush extends Omit<Message, "event" | "payload"> {
  broadcast: Broadcast;
}

export type Incoming = Message | BroadcastPush;

/** Binary frame kinds: what a client pushes and what the server sends. */
const KIND = { push: 3, broadcast: 4 } as const;
const ENCODINGS = ["binary", "json"] as const;
const MAX_HEADER_STRING = 255;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true });

/** Reads a text frame; undefined when it is none of this protocol. */
export function decodeText(version: Version, text: string): Message | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const fields = version === 2 ? fieldsOfArray(value) : fieldsOfObject(value);
  if (!fields) return undefined;
  const [joinRef, ref, topic, event, payload] = fields;
  if (!isRef(joinRef) || !isRef(ref)) return undefined;
  if (typeof topic !== "string" || typeof event !== "string") return undefined;
  return { joinRef, ref, topic, event, payload };
}

/** Reads a binary frame; undefined when it is no broadcast push of version 2. */
export function decodeBinary(version: Version, frame: Uint8Array): BroadcastPush | undefined {
  if (version !== 2 || frame.length < 7 || frame[0] !== KIND.push) return undefined;
  const encoding = ENCODINGS[frame[6]!];
  let offset = 7;
  const [joinRef, ref, topic, event] = [...frame.subarray(1, 6)].map((length) => {
    const text = decoder.decode(frame.subarray(offset, offset + length));
    offset += length;
    return text;
  });
  if (!encoding || offset > frame.length || !topic || !event) return undefined;
  return {
    joinRef: joinRef || null,
    ref: ref || null,
    topic,
    broadcast: { event, encoding, body: frame.subarray(offset) },
  };
}

/** An event for a client. Version 1 has no place for the join_ref. */
export function encodeMessage(version: Version, message: Message): Frame {
  const { joinRef, ref, topic, event, payload } = message;
  return textFrame(JSON.stringify(
    version === 2 ? [joinRef, ref, topic, event, payload] : { topic, event, payload, ref },
  ));
}

/**
 * A broadcast for the members of a topic; undefined when it cannot be said in this version: bytes
 * in version 1, names over 255 bytes in version 2.
 */
export function encodeBroadcast(
  version: Version,
  topic: string,
  broadcast: Broadcast,
): Frame | undefined {
  return version === 2 ? binaryBroadcast(topic, broadcast) : textBroadcast(topic, broadcast);
}

function binaryBroadcast(topic: string, broadcast: Broadcast): Frame | undefined {
  const { event, encoding, body, meta } = broadcast;
  const strings = [topic, event, meta ? JSON.stringify(meta) : ""].map((s) => encoder.encode(s));
  if (strings.some(({ length }) => length > MAX_HEADER_STRING)) return undefined;
  const header = [
    KIND.broadcast,
    ...strings.map(({ length }) => length),
    ENCODINGS.indexOf(encoding),
  ];
  const parts = [Uint8Array.from(header), ...strings, body];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return { bytes, binary: true };
}

function textBroadcast(topic: string, broadcast: Broadcast): Frame | undefined {
  if (broadcast.encoding === "binary") return undefined;
  // Numbers of jsonb are longer than a double, so the text is spliced in and parsed only as a check.
  let body: string;
  try {
    body = strictDecoder.decode(broadcast.body);
    JSON.parse(body);
  } catch {
    return undefined;
  }
  const meta = broadcast.meta ? `,"meta":${JSON.stringify(broadcast.meta)}` : "";
  return textFrame(
    `{"topic":${JSON.stringify(topic)},"event":"broadcast","payload":{"type":"broadcast",` +
      `"event":${JSON.stringify(broadcast.event)},"payload":${body}${meta}},"ref":null}`,
  );
}

const textFrame = (text: string): Frame => ({ bytes: encoder.encode(text), binary: false });

const fieldsOfArray = (value: unknown): unknown[] | undefined =>
  Array.isArray(value) && value.length === 5 ? value : undefined;

function fieldsOfObject(value: unknown): unknown[] | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { join_ref = null, ref = null, topic, event, payload } = value as Record<string, unknown>;
  return [join_ref, ref, topic, event, payload];
}

const isRef = (value: unknown): value is string | null =>
  typeof value === "string" || value === null;
