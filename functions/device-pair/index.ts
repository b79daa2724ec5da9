import { readConfig } from "../../shared/config/config.ts";
import { DEVICE_PAIR_VARIABLES, devicePairApp } from "../../shared/devices/app.ts";
import { writeLog } from "../../shared/http/log.ts";

const config = readConfig(Deno.env.toObject(), DEVICE_PAIR_VARIABLES);
Deno.serve(devicePairApp(config, { fetch, log: writeLog }).fetch);
