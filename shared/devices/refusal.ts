import { Refusal } from "../db/errors.ts";
import { AppError } from "../http/errors.ts";
import { invalidToken } from "../token/challenge.ts";

/** One answer for a code that never was, was used or has expired: the difference would be a hint. */
export function invalidCode(cause?: unknown): AppError {
  return new AppError(
    "invalid_pairing_code",
    "code: this pairing code is not valid; get a new one and type it within 10 minutes.",
    { cause },
  );
}

/** For `.catch`: what a refusal of the database means to the caller; any other error stays what it is. */
export function refusal(error: unknown): never {
  if (!(error instanceof Refusal)) throw error;
  switch (error.reason) {
    case "invalid_code":
      throw invalidCode(error);
    case "name_taken":
      throw new AppError(
        "name_taken",
        "device.name: the workspace has a device of this name; choose another, the code still works.",
        { cause: error },
      );
    case "forbidden":
      throw new AppError("forbidden", "workspace_id: you cannot add devices there.", {
        cause: error,
      });
    case "credential_gone":
      throw invalidToken("The token has been revoked.", error);
    default:
      throw error;
  }
}
