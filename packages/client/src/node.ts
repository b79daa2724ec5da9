// What programs on Node have besides: signing in by the person's browser, and tokens in a file.

export { fileStorage } from "./node/file-storage.ts";
export { type LoopbackOptions, signInOnLoopback } from "./node/loopback.ts";
