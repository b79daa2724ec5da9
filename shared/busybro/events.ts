export type ToolStatus = "running" | "done" | "failed" | "refused" | "proposed";

export interface Usage {
  input_tokens: number;
  output_tokens: number;
}

export interface ProposalView {
  id: string;
  tool: string;
  args: Record<string, unknown>;
  summary: string;
  expires_at: string;
}

/** What a turn tells its listener, in this order; the last one is always `done` or `error`. */
export type AskEvent =
  | { type: "meta"; thread_id: string; specialist: string; provider: string }
  | { type: "tool"; id: string; name: string; status: ToolStatus; summary: string }
  | { type: "delta"; text: string }
  | ({ type: "proposal" } & ProposalView)
  | { type: "done"; answer: string; usage: Usage }
  | { type: "error"; code: string; message: string };
