// The other half of the operations; see support/operations.ts.

import { SECOND_HALF } from "./support/halves.ts";
import { tryOperations } from "./support/operations.ts";

tryOperations(SECOND_HALF);
