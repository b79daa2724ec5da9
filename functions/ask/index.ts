import { ASK_VARIABLES, askApp } from "../../shared/busybro/app.ts";
import { readConfig } from "../../shared/config/config.ts";
import { writeLog } from "../../shared/http/log.ts";

const config = readConfig(Deno.env.toObject(), ASK_VARIABLES);
Deno.serve(askApp(config, { fetch, log: writeLog }).fetch);
