import { BusymateError } from "./error.ts";

export interface FunctionCall {
  /** POST unless told. */
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Sent as JSON. */
  body?: object;
  /** `Idempotency-Key` for what must not happen twice. */
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** Calls an edge function by its path below `/functions/v1/`; null where the answer has no body. */
export async function callFunction<Answer>(
  authorized: typeof fetch,
  url: string,
  { method = "POST", body, headers, signal }: FunctionCall,
): Promise<Answer> {
  const response = await authorized(url, {
    method,
    headers: { ...(body && { "Content-Type": "application/json" }), ...headers },
    ...(body && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  });
  const text = await response.text();
  if (!response.ok) throw complaint(response, text);
  return (text === "" ? null : JSON.parse(text)) as Answer;
}

interface Envelope {
  error?: { code?: string; message?: string; details?: unknown; request_id?: string };
}

/** The error in the envelope; a proxy in between answers with a page of its own. */
function complaint({ status }: Response, text: string): BusymateError {
  let envelope: Envelope = {};
  try {
    envelope = JSON.parse(text) as Envelope;
  } catch {
    // Said by the status alone.
  }
  const { code = "unknown", message, details, request_id } = envelope.error ?? {};
  return new BusymateError(message ?? `The server answered ${status}.`, {
    code,
    status,
    details,
    requestId: request_id,
  });
}
