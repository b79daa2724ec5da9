import { readConfig } from "../../shared/config/config.ts";
import { API_VARIABLES, apiApp } from "../../shared/version/app.ts";
import { writeLog } from "../../shared/http/log.ts";

const config = readConfig(Deno.env.toObject(), API_VARIABLES);
Deno.serve(apiApp(config, { fetch, log: writeLog }).fetch);
