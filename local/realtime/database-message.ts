import type { Address } from "./fanout.ts";
import type { Broadcast } from "./frames.ts";
import type { Row } from "./pgoutput.ts";

const decoder = new TextDecoder();

/** The broadcast a row of realtime.messages stands for; undefined when there is nothing to say. */
export function messageOf(row: Row): { address: Address; broadcast: Broadcast } | undefined {
  const [id, topic, event, isPrivate] = ["id", "topic", "event", "private"].map((column) => {
    const value = row.get(column);
    return value ? decoder.decode(value) : undefined;
  });
  const content = contentOf(row);
  if (!id || !topic || !event || !isPrivate || !content) return undefined;
  return {
    address: { name: topic, private: isPrivate === "t" },
    broadcast: { event, ...content, meta: { id } },
  };
}

function contentOf(row: Row): Pick<Broadcast, "encoding" | "body"> | undefined {
  const payload = row.get("payload");
  if (payload) return { encoding: "json", body: payload };
  const bytes = row.get("binary_payload");
  if (!bytes) return undefined;
  // bytea's text form: \x and hexadecimal digits.
  const body = new Uint8Array(Buffer.from(decoder.decode(bytes.subarray(2)), "hex"));
  return { encoding: "binary", body };
}
