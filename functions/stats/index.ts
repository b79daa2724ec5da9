import { readConfig } from "../../shared/config/config.ts";
import { writeLog } from "../../shared/http/log.ts";
import { STATS_VARIABLES, statsApp } from "../../shared/stats/app.ts";

const config = readConfig(Deno.env.toObject(), STATS_VARIABLES);
Deno.serve(statsApp(config, { fetch, log: writeLog }).fetch);
