import { readConfig } from "../../shared/config/config.ts";
import { MCP_VARIABLES, mcpApp } from "../../shared/oauth/app.ts";
import { writeLog } from "../../shared/http/log.ts";

const config = readConfig(Deno.env.toObject(), MCP_VARIABLES);
Deno.serve(mcpApp(config, { fetch, log: writeLog }).fetch);
