import { readConfig } from "../../shared/config/config.ts";
import { productionRuntime } from "../../shared/http/runtime.ts";
import { STATS_VARIABLES, statsApp } from "../../shared/stats/app.ts";

const config = readConfig(Deno.env.toObject(), STATS_VARIABLES);
Deno.serve(statsApp(config, productionRuntime(config)).fetch);
