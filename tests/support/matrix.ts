// Every table with who may do what to its rows: a table without an answer here fails the tests.

import { CAPTURE } from "./matrix/capture.ts";
import { CONFIGURATION } from "./matrix/configuration.ts";
import type { Declarations } from "./matrix/declaration.ts";
import { IDENTITY } from "./matrix/identity.ts";
import { PERSONAL } from "./matrix/personal.ts";

export const MATRIX: Declarations = { ...IDENTITY, ...CAPTURE, ...CONFIGURATION, ...PERSONAL };
