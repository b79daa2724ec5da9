import { inject } from "vitest";
import type { StackInfo } from "../../scripts/stack-info.ts";

export type { StackInfo };

declare module "vitest" {
  export interface ProvidedContext {
    stack: StackInfo;
  }
}

/** The stack that all surface tests share: addresses, keys and demo accounts. */
export const stack = (): StackInfo => inject("stack");
