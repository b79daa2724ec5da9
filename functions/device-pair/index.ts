import { readConfig } from "../../shared/config/config.ts";
import { DEVICE_PAIR_VARIABLES, devicePairApp } from "../../shared/devices/app.ts";
import { productionRuntime } from "../../shared/http/runtime.ts";

const config = readConfig(Deno.env.toObject(), DEVICE_PAIR_VARIABLES);
Deno.serve(devicePairApp(config, productionRuntime(config)).fetch);
