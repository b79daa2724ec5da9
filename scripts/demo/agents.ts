import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ensure, type Step } from "./world.ts";

/** The same token at the MCP server: an agent finds the failed request. */
export const askByMcp: Step = {
  title: "Find the failed request by MCP",
  async run({ stack, owner, captured, say }) {
    const client = new Client({ name: "busymate-demo", version: "1" });
    const headers = { Authorization: `Bearer ${await owner.token()}` };
    await client.connect(
      new StreamableHTTPClientTransport(new URL(stack.issuer), { requestInit: { headers } }),
    );
    try {
      const { tools } = await client.listTools();
      say(`tools/list: ${tools.length} tools`);
      const answer = await client.callTool({
        name: "search_entries",
        arguments: { filter: "host:localhost status>=500", workspace_id: owner.workspaceId },
      });
      const [{ text }] = answer.content as [{ text: string }];
      ensure(answer.isError !== true, `search_entries: ${text}`);
      const { rows } = JSON.parse(text.split("\n").at(-2)!) as { rows: { url: string }[] };
      ensure(captured.size > 0 && rows.length > 0, "search_entries shows no failed request");
      say(`search_entries host:localhost status>=500: ${rows[0]!.url}`);
    } finally {
      await client.close();
    }
  },
};

/** The same token at BusyBro, which without a configured model answers from live data. */
export const askBusyBro: Step = {
  title: "Ask BusyBro",
  async run({ owner, say }) {
    const question = "How many devices do I have?";
    const { answer } = await owner.client.call<{ answer: string }>("ask", { body: { question } });
    ensure(/\d/.test(answer), `BusyBro counts no devices: ${answer}`);
    say(`${question} ${answer.split("\n")[0]}`);
  },
};
