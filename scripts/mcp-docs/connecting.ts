/** How each client is told of the server; all but curl sign the person in by themselves. */
export const CONNECTING = `## Connect

Replace \`<url>\` by your installation's; \`npm start\` prints the local one. Clients find the
authorization server, register and sign you in by themselves: leave client id and secret empty.

### Claude

On claude.ai and in the desktop app: Settings → Connectors → Add custom connector, with
\`<url>/functions/v1/mcp\`. In Claude Code:

\`\`\`sh
claude mcp add --transport http busymate <url>/functions/v1/mcp
\`\`\`

and \`/mcp\` in a session to sign in.

### Cursor

In \`.cursor/mcp.json\`:

\`\`\`json
{ "mcpServers": { "busymate": { "url": "<url>/functions/v1/mcp" } } }
\`\`\`

### VS Code

In \`.vscode/mcp.json\`:

\`\`\`json
{ "servers": { "busymate": { "type": "http", "url": "<url>/functions/v1/mcp" } } }
\`\`\`

### ChatGPT

Settings → Apps & Connectors → Advanced settings → Developer mode, then Create with
\`<url>/functions/v1/mcp\` and OAuth. The server has to be reachable from the internet.

### Clients that only start programs

\`\`\`json
{
  "mcpServers": {
    "busymate": { "command": "npx", "args": ["mcp-remote", "<url>/functions/v1/mcp"] }
  }
}
\`\`\`

A local \`http://\` URL wants \`--allow-http\` as well.

### curl

With a token of a demo account of the local stack; every request stands alone:

\`\`\`sh
TOKEN=$(npm run --silent token -- ada@busymate.test)
curl -s http://127.0.0.1:54321/functions/v1/mcp \\
  -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
  -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_devices","arguments":{}}}'
\`\`\`
`;
