import { readConfig } from "../../shared/config/config.ts";
import { INGEST_VARIABLES, ingestApp } from "../../shared/entries/app.ts";
import { writeLog } from "../../shared/http/log.ts";

const config = readConfig(Deno.env.toObject(), INGEST_VARIABLES);
Deno.serve(ingestApp(config, { fetch, log: writeLog }).fetch);
