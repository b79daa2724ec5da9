// An agent with a fixed plan, as the server's instructions describe it: finds why a login fails in a
// capture that somebody else imported, and reads little on the way.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { importHar } from "../../shared/har/import.ts";
import { ingest, newDevice, newPerson, type Person } from "../support/world.ts";
import { type Answer, open, valueOf } from "./support/client.ts";

const CALLS = 6;
const TOKENS = 12_000;
