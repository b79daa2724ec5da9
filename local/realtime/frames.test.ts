import { RealtimeClient } from "@supabase/supabase-js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import {
  type Broadcast,
  decodeBinary,
  decodeText,
  encodeBroadcast,
  encodeMessage,
  type Frame,
  type Message,
} from "./frames.ts";

// The client's own half of the protocol. It writes names a byte a character: ASCII alone.
const { serializer: client } = new RealtimeClient("ws://localhost", {
  params: { apikey: "none" },
  transport: WebSocket as unknown as typeof globalThis.WebSocket,
});
const utf8 = new TextEncoder();

const ref = fc.option(fc.stringMatching(/^[0-9]{1,9}$/));
const name = fc.stringMatching(/^[!-~]{1,60}$/);
const message: fc.Arbitrary<Message> = fc.record({
  joinRef: ref,
  ref,
  topic: fc.string({ unit: "grapheme" }),
  event: fc.string({ unit: "grapheme" }),
  payload: fc.jsonValue({ noUnicodeString: false }),
});
const meta = fc.option(fc.record({ id: fc.uuid() }), { nil: undefined });
const asBuffer = (bytes: Uint8Array) => bytes.slice().buffer;

const text = ({ bytes, binary }: Frame) => {
  expect(binary).toBe(false);
  return new TextDecoder().decode(bytes);
};

/** -0 is no number of JSON. */
const json = (value: unknown) => JSON.parse(JSON.stringify(value));

function fromClient(frame: object): string | ArrayBuffer {
  let encoded: string | ArrayBuffer = "";
  client.encode(frame as never, (result) => encoded = result as string | ArrayBuffer);
  return encoded;
}

function byClient(frame: unknown): unknown {
  let decoded: unknown;
  client.decode(frame as never, (result: unknown) => decoded = result);
  return decoded;
}

describe("text frames", () => {
  it("of version 2 are what the client decodes", () => {
    fc.assert(fc.property(message, (original) => {
      const { joinRef, ...rest } = original;
      expect(byClient(text(encodeMessage(2, original)))).toEqual(
        json({ join_ref: joinRef, ...rest }),
      );
    }));
  });

  it("of both versions are read as they were written", () => {
    fc.assert(fc.property(message, (original) => {
      expect(decodeText(2, text(encodeMessage(2, original)))).toEqual(json(original));
      const { joinRef, ...rest } = original;
      expect(decodeText(1, JSON.stringify({ ...rest, join_ref: joinRef }))).toEqual(json(original));
      expect(decodeText(1, text(encodeMessage(1, original)))).toEqual(
        json({ ...original, joinRef: null }),
      );
    }));
  });

  it("of another shape are no message, whatever they are", () => {
    const shapes = fc.oneof(
      fc.string(),
      fc.jsonValue().filter((value) => !Array.isArray(value)).map((v) => JSON.stringify(v)),
      fc.array(fc.jsonValue()).filter((a) => a.length !== 5).map((v) => JSON.stringify(v)),
    );
    fc.assert(fc.property(shapes, (text) => {
      expect(decodeText(2, text)).toBeUndefined();
    }));
    expect(decodeText(1, '{"topic":"a","payload":{}}')).toBeUndefined();
    expect(decodeText(1, '["1","1","a","b",{}]')).toBeUndefined();
    expect(decodeText(2, '[1,"1","a","b",{}]')).toBeUndefined();
  });
});

describe("binary pushes", () => {
  it("are read as the client writes them", () => {
    fc.assert(
      fc.property(ref, ref, name, name, fc.jsonValue(), (joinRef, ref, topic, event, payload) => {
        const frame = fromClient({
          join_ref: joinRef,
          ref,
          topic,
          event: "broadcast",
          payload: { type: "broadcast", event, payload },
        });
        const push = decodeBinary(2, new Uint8Array(frame as ArrayBuffer));
        expect(push).toMatchObject({ joinRef, ref, topic, broadcast: { event, encoding: "json" } });
        expect(new TextDecoder().decode(push!.broadcast.body)).toBe(JSON.stringify(payload ?? {}));
      }),
    );
  });

  it("carry bytes unchanged", () => {
    fc.assert(fc.property(name, name, fc.uint8Array(), (topic, event, bytes) => {
      const payload = { type: "broadcast", event, payload: asBuffer(bytes) };
      const frame = fromClient({ join_ref: "1", ref: "2", topic, event: "broadcast", payload });
      const push = decodeBinary(2, new Uint8Array(frame as ArrayBuffer));
      expect(push?.broadcast).toEqual({ event, encoding: "binary", body: bytes });
    }));
  });

  it("of any other bytes are none, and never an exception", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const push = decodeBinary(2, bytes);
      if (push) expect(bytes[0]).toBe(3);
      expect(decodeBinary(1, bytes)).toBeUndefined();
    }));
    expect(decodeBinary(2, Uint8Array.from([3, 0, 0, 200, 1, 0, 1, 65, 66]))).toBeUndefined();
  });
});

describe("broadcasts", () => {
  it("of version 2 are what the client decodes", () => {
    fc.assert(fc.property(name, name, fc.jsonValue(), meta, (topic, event, payload, meta) => {
      const body = utf8.encode(JSON.stringify(payload));
      const frame = encodeBroadcast(2, topic, {
        event,
        encoding: "json",
        body,
        ...(meta ? { meta } : {}),
      });
      expect(byClient(asBuffer(frame!.bytes))).toEqual({
        join_ref: null,
        ref: null,
        topic,
        event: "broadcast",
        payload: { type: "broadcast", event, payload: json(payload), ...(meta ? { meta } : {}) },
      });
    }));
  });

  it("of version 1 are JSON, with every digit of a number", () => {
    const broadcast: Broadcast = {
      event: 'with "quotes"',
      encoding: "json",
      body: utf8.encode('{"n": 12345678901234567890, "s": "ü"}'),
      meta: { id: "1" },
    };
    expect(text(encodeBroadcast(1, "realtime:a:b", broadcast)!)).toBe(
      '{"topic":"realtime:a:b","event":"broadcast","payload":{"type":"broadcast",' +
        '"event":"with \\"quotes\\"","payload":{"n": 12345678901234567890, "s": "ü"},' +
        '"meta":{"id":"1"}},"ref":null}',
    );
  });

  it("that a version cannot say are left out", () => {
    const bytes: Broadcast = { event: "e", encoding: "binary", body: Uint8Array.of(1) };
    expect(encodeBroadcast(1, "t", bytes)).toBeUndefined();
    const broken: Broadcast = { event: "e", encoding: "json", body: utf8.encode("{") };
    expect(encodeBroadcast(1, "t", broken)).toBeUndefined();
    expect(encodeBroadcast(2, "t", { ...bytes, event: "ü".repeat(128) })).toBeUndefined();
  });
});
