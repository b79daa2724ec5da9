import { readConfig } from "../../shared/config/config.ts";
import { INGEST_VARIABLES, ingestApp } from "../../shared/entries/app.ts";
import { productionRuntime } from "../../shared/http/runtime.ts";

const config = readConfig(Deno.env.toObject(), INGEST_VARIABLES);
Deno.serve(ingestApp(config, productionRuntime(config)).fetch);
