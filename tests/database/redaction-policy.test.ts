// What is hidden on the way to each destination, as those read it whom it is hidden from.

import { describe, expect, it } from "vitest";
import { createCaller } from "../../shared/db/caller.ts";
import { DESTINATIONS, EVERYTHING, readPolicy } from "../../shared/redaction/policy.ts";
import { database } from "../support/world.ts";
