import { ASK_VARIABLES, askApp } from "../../shared/busybro/app.ts";
import { readConfig } from "../../shared/config/config.ts";
import { productionRuntime } from "../../shared/http/runtime.ts";

const config = readConfig(Deno.env.toObject(), ASK_VARIABLES);
Deno.serve(askApp(config, productionRuntime(config)).fetch);
