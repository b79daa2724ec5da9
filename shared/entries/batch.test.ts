import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergeRejected, readBatch } from "./batch.ts";

const good = {
  request_id: "r1",
  ts: "2026-11-24T10:00:00.123456Z",
  payload: { url: "https://a.test/" },
};

function faultOf(entry: unknown) {
  const { rejected } = readBatch({ entries: [entry] });
  return rejected[0] && { code: rejected[0].code, message: rejected[0].message };
}

describe("a batch", () => {
  it.each([undefined, null, [], "x", {}, { entries: {} }, { entries: [] }])(
    "cannot be %j",
    (body) => {
      expect(() => readBatch(body)).toThrowError(/^entries: give a list of 1 to 500 entries/);
    },
  );

  it("takes 500 entries and no more", () => {
    expect(readBatch({ entries: Array(500).fill(good) }).entries).toHaveLength(500);
    expect(() => readBatch({ entries: Array(501).fill(good) })).toThrowError(
      /501 are over the limit/,
    );
  });

  it("keeps ts as it was sent", () => {
    for (const ts of ["2026-11-24T10:00:00.123456789Z", "2026-11-24T12:00:00+02:00"]) {
      expect(readBatch({ entries: [{ ...good, ts }] }).entries[0]?.ts).toBe(ts);
    }
  });

  it.each([
    [7, "invalid_entry", "entry: give an object"],
    [
      { ...good, request_id: "" },
      "invalid_request_id",
      "request_id: give a text of 1 to 200 characters",
    ],
    [
      { ...good, request_id: 1 },
      "invalid_request_id",
      "request_id: give a text of 1 to 200 characters",
    ],
    [{ ...good, ts: "2026-11-24T10:00:00" }, "invalid_ts", /^ts: .* with its offset/],
    [{ ...good, ts: "2026-02-30T10:00:00Z" }, "invalid_ts", /^ts: /],
    [{ ...good, ts: 1_700_000_000 }, "invalid_ts", /^ts: /],
    [{ ...good, device_uuid: "mine" }, "invalid_device_uuid", /^device_uuid: give a uuid/],
    [{ ...good, kind: "other" }, "invalid_kind", /^kind: /],
    [{ ...good, source: "usb" }, "invalid_source", /^source: use one of vpn, pac, proxy, cdp, har/],
    [{ ...good, payload: [] }, "invalid_payload", "payload: give an object"],
    [
      { ...good, payload: { statusCode: "200" } },
      "invalid_payload",
      /^payload\.statusCode: give a number/,
    ],
    [
      { ...good, payload: { requestHeaders: [["a"]] } },
      "invalid_payload",
      /^payload\.requestHeaders: /,
    ],
    [{ ...good, payload: { requestBody: [] } }, "invalid_payload", /^payload\.requestBody: /],
    [
      { ...good, payload: { requestBody: { text: "é", encoding: "base64" } } },
      "invalid_payload",
      "payload.requestBody.text: is not base64",
    ],
    [
      { ...good, payload: { responseBody: { text: "x", charset: "utf-8" } } },
      "invalid_payload",
      "payload.responseBody.charset: goes with encoding base64 alone",
    ],
    [
      { ...good, payload: { x: JSON.parse("[".repeat(100) + "]".repeat(100)) } },
      "invalid_payload",
      "payload: nests deeper than 64 levels",
    ],
  ])("rejects %j by name", (entry, code, message) => {
    const fault = faultOf(entry);
    expect(fault?.code).toBe(code);
    expect(fault?.message).toMatch(message);
  });

  it("takes headers in both forms and keeps fields it does not know", () => {
    const payload = {
      requestHeaders: { accept: "*/*", cookie: ["a=1", "b=2"] },
      responseHeaders: [["set-cookie", "a=1"], ["set-cookie", "b=2"]],
      requestBody: null,
      colour: { deep: [1, "x"] },
    };
    expect(readBatch({ entries: [{ ...good, payload }] }).entries[0]?.payload).toEqual(payload);
  });

  it("makes text storable without touching the rest", () => {
    const entry = {
      ...good,
      request_id: "r\0",
      payload: { url: "https://a.test/\ud800", requestBody: "a\0b" },
    };
    expect(readBatch({ entries: [entry] }).entries[0]).toEqual({
      ...good,
      request_id: "r\u{fffd}",
      payload: {
        url: "https://a.test/\u{fffd}",
        requestBody: { text: "YQBi", encoding: "base64", charset: "utf-8" },
      },
    });
  });

  it("names the caller's positions whoever rejects", () => {
    const plan = fc.array(fc.constantFrom("good", "refused here", "refused there"), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(fc.property(plan, (fates) => {
      const entries = fates.map((fate, at) =>
        fate === "refused here" ? { ...good, ts: null } : { ...good, request_id: String(at) }
      );
      const batch = readBatch({ entries });
      const byDatabase = batch.entries.flatMap((entry, index) =>
        fates[Number(entry.request_id)] === "refused there"
          ? [{ index, code: "unknown_device", message: "" }]
          : []
      );
      expect(mergeRejected(batch, byDatabase).map(({ index }) => index))
        .toEqual(fates.flatMap((fate, index) => fate === "good" ? [] : [index]));
    }));
  });
});
