// npm run capture: a proxy on this machine whose traffic goes to the running stack, and is shown as it
// arrives there.

import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { followEntries } from "busymate-client";
import { readOptions } from "./arguments.ts";
import { ingestClient } from "./capture/ingest.ts";
import { type CaptureProxy, startCaptureProxy } from "./capture/proxy.ts";
import { Uploader } from "./capture/uploader.ts";
import { Complaint, runProgram } from "./complaint.ts";
import { deviceOf } from "./device.ts";
import { person } from "./person.ts";
import { readStackInfo, stackFile } from "./stack-info.ts";

const USAGE = `Usage: npm run capture [-- options], against a running stack
  --email ACCOUNT       the demo account whose traffic it is (ada@busymate.test)
  --device NAME         the device it is recorded under (capture)
  --port PORT           where the proxy listens (8888, or CAPTURE_PORT)
  --insecure-host HOST  do not check this host's certificate; may be repeated`;

/** Servers under development have certificates that nobody signed; the way to them leads nowhere else. */
const LOOPBACK = ["localhost", "127.0.0.1", "::1"];

await runProgram(async () => {
  const { email, device: name, port, insecureHosts } = readArguments();
  const location = stackFile(process.env);
  const stack = readStackInfo(location);
  const owner = person(stack, email);
  const device = await deviceOf(stack, dirname(location), owner, name);

  const uploader = new Uploader({
    ingest: ingestClient(stack.url, device.token),
    onLost: (count, reason) => complain(`${count} lost: ${reason}`),
    onRetry: (reason) => complain(`waiting: ${reason}`),
  });
  const proxy = await startCaptureProxy({
    port,
    insecureHosts: [...LOOPBACK, ...insecureHosts],
    onEntry: (entry) => void uploader.add(entry),
    onError: (error) => complain(`proxy: ${String(error)}`),
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EADDRINUSE") throw error;
    throw new Complaint(`Port ${port} is in use; choose another with --port.`);
  });
  const certificate = join(dirname(location), "capture-ca.pem");
  await mkdir(dirname(certificate), { recursive: true });
  await writeFile(certificate, proxy.caCertificate);

  const feed = followEntries(owner.client, {
    workspaceId: owner.workspaceId,
    onEntries: (entries) => {
      for (const { device_uuid, status, method, host, path, duration_ms } of entries) {
        if (device_uuid !== device.device_uuid) continue;
        say(`${status ?? "---"} ${method} ${host}${path ?? ""} (${duration_ms ?? "?"} ms)`);
      }
    },
    onState: (state) => {
      if (state.kind === "subscribed") say(`Listening on ws:${owner.workspaceId}`);
      if (state.kind === "disconnected") complain(`realtime: ${state.reason}`);
      if (state.kind === "error") complain(`feed: ${String(state.error)}`);
    },
  });
  say(welcome(owner.email, name, proxy, certificate));

  await interrupted();
  say("\nStopping …");
  // In the order of the traffic: nothing new, what is recorded goes up, what went up is shown.
  await proxy.stop();
  const { accepted, duplicates, buffered } = await uploader.stop();
  await feed.stop();
  await rm(certificate, { force: true });
  say(
    `Stopped. ${accepted + duplicates} stored${
      buffered > 0 ? `, ${buffered} could not be sent` : ""
    }.`,
  );
  // supabase-js keeps a timer of ten seconds after it has closed its socket.
  process.exit();
});

function readArguments() {
  const { "insecure-host": insecureHosts, port: given, ...whose } = readOptions(USAGE, {
    options: {
      email: { type: "string", default: "ada@busymate.test" },
      device: { type: "string", default: "capture" },
      port: { type: "string", default: process.env["CAPTURE_PORT"] || "8888" },
      "insecure-host": { type: "string", multiple: true, default: [] },
    },
  });
  const port = Number(given);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Complaint(`--port must be a number from 1 to 65535, not "${given}".\n${USAGE}`);
  }
  return { ...whose, port, insecureHosts };
}

function welcome(
  email: string,
  device: string,
  { url }: Pick<CaptureProxy, "url">,
  certificate: string,
): string {
  return `
Capturing for ${email}, as the device "${device}".

  Proxy        ${url}
  Certificate  ${certificate}, made for this run: clients must trust it

Try, in another terminal:
  curl --proxy ${url} --cacert ${certificate} https://example.com/

Ctrl-C stops.
`;
}

/** The first signal ends it; under npm one Ctrl-C arrives twice. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => resolve());
    }
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function complain(line: string): void {
  process.stderr.write(`${line}\n`);
}
