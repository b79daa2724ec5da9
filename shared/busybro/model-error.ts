/** Why a model gave no answer. Codes are API, in `error` events as in the envelope. */
export type ModelFailure =
  | "model_unavailable"
  | "model_rate_limited"
  | "model_timeout"
  | "model_failed";

/** The message is for the person; what the provider said stays in the cause, for the log. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  readonly failure: ModelFailure;

  constructor(failure: ModelFailure, cause: unknown) {
    super(MESSAGE[failure], { cause });
    this.failure = failure;
  }
}

const MESSAGE: Record<ModelFailure, string> = {
  model_unavailable: "The model's server is not answering right now; try again shortly.",
  model_rate_limited:
    "The model's server takes no more questions right now; try again in a minute.",
  model_timeout: "The model stopped in the middle of its answer; try again.",
  model_failed: "The model's server sent something that is no answer; try again.",
};
