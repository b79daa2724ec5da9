import { readConfig } from "../../shared/config/config.ts";
import { API_VARIABLES, apiApp } from "../../shared/version/app.ts";
import { productionRuntime } from "../../shared/http/runtime.ts";

const config = readConfig(Deno.env.toObject(), API_VARIABLES);
Deno.serve(apiApp(config, productionRuntime(config)).fetch);
