// Clients of the field from nothing but the endpoint's URL to a tool's answer, against a stack that
// answers no well-known URL at its root, as a hosted project.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v2 from "@modelcontextprotocol/client";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import * as v1 from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Approve, consenting, memory } from "../support/consenting.ts";
import { type OwnStack, startOwnStack } from "../support/own-stack.ts";

let stack: OwnStack;
let issuer: string;
let approve: Approve;

beforeAll(async () => {
  stack = await startOwnStack({ rootWellKnown: false });
  issuer = stack.info.issuer;
  approve = await consenting(stack.info, "member");
}, 120_000);
afterAll(() => stack.stop());

describe("the MCP SDK of the first generation", () => {
  it("connects, lists tools and calls one", async () => {
    const { provider, url } = memory();
    const open = () =>
      new StreamableHTTPClientTransport(new URL(issuer), { authProvider: provider });
    const newClient = () => new v1.Client({ name: "first", version: "1.0.0" });

    const first = open();
    await expect(newClient().connect(first as Transport)).rejects.toBeInstanceOf(UnauthorizedError);
    await first.finishAuth((await approve(url())).searchParams.get("code")!);
    const client = newClient();
    await client.connect(open() as Transport);
    expect(client.getServerVersion()?.name).toBe("busymate");
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain("list_devices");
    const answer = await client.callTool({ name: "list_devices", arguments: {} });
    expect(answer.isError).toBeFalsy();
    expect((await client.listResources()).resources).toBeInstanceOf(Array);
    expect((await client.listPrompts()).prompts).toHaveLength(5);
    await client.close();
  });
});

describe("the MCP SDK of the second generation", () => {
  it.each(["legacy", "auto"] as const)("connects, lists tools and calls one (%s)", async (mode) => {
    const { provider, url } = memory();
    const open = () =>
      new v2.StreamableHTTPClientTransport(new URL(issuer), { authProvider: provider });
    const newClient = () =>
      new v2.Client({ name: "second", version: "1.0.0" }, { versionNegotiation: { mode } });

    const first = open();
    await expect(newClient().connect(first)).rejects.toBeInstanceOf(v2.UnauthorizedError);
    await first.finishAuth((await approve(url())).searchParams);
    const client = newClient();
    await client.connect(open());
    expect(client.getNegotiatedProtocolVersion())
      .toBe(mode === "auto" ? "2026-07-28" : "2025-11-25");
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain("list_devices");
    const answer = await client.callTool({ name: "list_devices", arguments: {} });
    expect(answer.isError).toBeFalsy();
    await client.close();
  });
});

describe("mcp-remote", () => {
  it("connects, lists tools and finds nothing to complain of", async () => {
    const directory = await mkdtemp(join(tmpdir(), "busymate-mcp-remote-"));
    try {
      const { code, output } = await mcpRemote(directory);
      expect(output).toContain("Connected successfully");
      expect(output).toContain('"name": "list_devices"');
      // Of its own lines: a page of the docs has errors in its name.
      expect(output).not.toMatch(/^\[\d+\].*error/im);
      expect(code).toBe(0);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }, 60_000);

  async function mcpRemote(directory: string): Promise<{ code: number | null; output: string }> {
    const program = join(
      import.meta.dirname,
      "../../node_modules/mcp-remote/dist/client.js",
    );
    const port = await freePort();
    const flags = ["--allow-http", "--transport", "http-only"];
    const child = spawn(process.execPath, [program, issuer, `${port}`, ...flags], {
      // BROWSER: it would open one.
      env: { ...process.env, MCP_REMOTE_CONFIG_DIR: directory, BROWSER: "true" },
    });
    let output = "";
    let visited = false;
    const read = async (chunk: unknown) => {
      output += chunk;
      const url = /(\S+\/authorize\?\S+)\s/.exec(output)?.[1];
      if (!url || visited) return;
      visited = true;
      await fetch(await approve(new URL(url)));
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    return await new Promise((done, failed) => {
      child.on("error", failed);
      child.on("close", (code) => done({ code, output }));
    });
  }
});

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}
