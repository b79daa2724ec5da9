import { readConfig } from "../../shared/config/config.ts";
import { ENTRIES_VARIABLES, entriesApp } from "../../shared/entries/routes/app.ts";
import { writeLog } from "../../shared/http/log.ts";

const config = readConfig(Deno.env.toObject(), ENTRIES_VARIABLES);
Deno.serve(entriesApp(config, { fetch, log: writeLog }).fetch);
