import { readConfig } from "../../shared/config/config.ts";
import { ENTRIES_VARIABLES, entriesApp } from "../../shared/entries/routes/app.ts";
import { productionRuntime } from "../../shared/http/runtime.ts";

const config = readConfig(Deno.env.toObject(), ENTRIES_VARIABLES);
Deno.serve(entriesApp(config, productionRuntime(config)).fetch);
