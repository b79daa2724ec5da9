import type { IncomingMessage, ServerResponse } from "node:http";

/** What the gateway answers itself. */
export interface Answer {
  status: number;
  code: string;
  message: string;
  hint?: string;
  headers?: Record<string, string>;
}

export const REQUEST_ID = "x-request-id";

/**
 * Answers in the shape of a function's errors, with Kong's `message` and `hint` beside it, where the
 * clients of the platform's own APIs look.
 */
export function answerError(req: IncomingMessage, res: ServerResponse, answer: Answer): void {
  const { status, code, message, hint } = answer;
  const error = { code, message, request_id: req.headers[REQUEST_ID] };
  answerJson(res, status, { message, ...(hint && { hint }), error }, answer.headers);
  // The rest of a body that nobody wants is read and dropped: a client that is still sending would
  // otherwise see a broken connection in place of the answer.
  req.resume();
}

export function answerJson(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  if (res.headersSent) return void res.destroy();
  res.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "access-control-allow-origin": "*",
    ...headers,
  });
  res.end(`${JSON.stringify(body)}\n`);
}
