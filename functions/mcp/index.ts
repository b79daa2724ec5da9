import { readConfig } from "../../shared/config/config.ts";
import { productionRuntime } from "../../shared/http/runtime.ts";
import { MCP_VARIABLES, mcpApp } from "../../shared/oauth/app.ts";
import { network } from "../../shared/oauth/network.ts";

const config = readConfig(Deno.env.toObject(), MCP_VARIABLES);
Deno.serve(mcpApp(config, { ...productionRuntime(config), network }).fetch);
