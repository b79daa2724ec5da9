// The package as somebody else gets it: installed, its types hold, and every example of its page runs.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { signedIn } from "../e2e/support/sign-in.ts";
import { useBrowser } from "../e2e/support/visits.ts";
import { stack } from "../support/stack.ts";
import {
  type Device,
  exchangeOf,
  ingest,
  newDevice,
  newPerson,
  type Person,
} from "../support/world.ts";
import { visit as consent } from "./support/consent.ts";
import { type FreshProject, freshProject } from "./support/fresh-project.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 180_000 });

/** What an example shows, by its heading and which of the section's it is. */
const SHOWS: Record<string, RegExp[]> = {
  "Sign in on Node 1": [/^member mcp:read mcp:write$/m],
  "Read 1": [/^Device \w+ iOS /m, /GET https:\/\/api\.example\.com\/things\?page=1 503$/m],
  "Filter 1": [
    /^https:\/\/api\.example\.com\/things\?page=1 503$/m,
    /^https:\/\/api\.example\.com\/things\?page=1$/m,
    /^host\*=\*\.example\.com \(method=POST or method=PUT\)$/m,
  ],
  "Write 1": [/^slow \d+$/m],
  "Write 2": [/^Type \w{8} into the app$/m, /^400 invalid_request .*question.* [\w-]+$/m],
  "Follow live 1": [/^catch-up GET api\.example\.com \/things$/m, /^up to /m, /^live GET /m],
  "Follow live 2": [/^joined$/m],
};
const IN_BROWSER = "Sign in in a browser 1";

/** Uses that the compiler must refuse: types that let everything pass would be none. */
const MISUSE = `
import { createBusymateClient, privateChannel, where } from "busymate-client";
const busymate = createBusymateClient({
  url: "https://a.example",
  publishableKey: "key",
  accessToken: () => Promise.resolve("token"),
});
// @ts-expect-error There is no such table.
busymate.supabase.from("device");
// @ts-expect-error A tag has a name.
busymate.supabase.from("tags").insert({ workspace_id: "" });
// @ts-expect-error The RPC takes a uuid's text.
busymate.supabase.rpc("get_entry", { id: 7 });
// @ts-expect-error A status is a number.
where("status", "gte", "500");
// @ts-expect-error A device's channel is told by its device.
privateChannel(busymate, "device", {});
// @ts-expect-error The event has no such member.
privateChannel(busymate, "settings", {}).on("UPDATE", ({ name }) => name);
// Said of functions that nobody calls.
export async function types() {
  const { data } = await busymate.supabase.from("devices").select("name, last_seen_at").single();
  const name: string | undefined = data?.name;
  // @ts-expect-error It may never have been seen.
  const seen: string | undefined = data?.last_seen_at;
  for await (const { status } of busymate.entries()) {
    const known: number | null = status;
    return { name, seen, known };
  }
}
`;

const page = await readFile("docs/client.md", "utf8");
const examples = page.split(/^## /m).slice(1).flatMap((section) => {
  const [heading] = section.split("\n", 1);
  return [...section.matchAll(/^\`\`\`ts\n([\s\S]*?)^\`\`\`$/gm)]
    .map(([, code], index) => ({ name: `${heading} ${index + 1}`, code: code! }));
});
const onNode = examples.filter(({ name }) => name !== IN_BROWSER);

const { browser, visit } = useBrowser();
let person: Person;
let device: Device;
let project: FreshProject;
let complaints: string[];

const fileOf = (name: string) => name.toLowerCase().replaceAll(" ", "-");

beforeAll(async () => {
  person = await newPerson();
  device = await newDevice(person);
  await ingest(device, [exchangeOf({}, { statusCode: 503 })]);
  project = await freshProject();
  for (const { name, code } of onNode) {
    await project.write(`${fileOf(name)}.ts`, known(code) + code);
  }
  await project.write("misuse.ts", MISUSE);
  await project.write("page.ts", inBrowser());
  complaints = await project.compile();
});
afterAll(() => project?.remove());

/** What the page takes as known; an example that makes its own client gets none. */
function known(code: string): string {
  const { url, publishable_key: publishableKey } = stack();
  const values = { url, publishableKey, workspaceId: person.workspaceId };
  const constants = Object.entries(values)
    .map(([name, value]) => `const ${name} = ${JSON.stringify(value)};\n`).join("");
  if (code.includes("createBusymateClient(")) return constants;
  return `${constants}import KnownSocket from "ws";
import * as known from "busymate-client";
const accessToken = () => Promise.resolve(${JSON.stringify(person.token)});
const busymate = known.createBusymateClient({ url, publishableKey, accessToken, webSocket: KnownSocket });
`;
}

function inBrowser(): string {
  const { code } = examples.find(({ name }) => name === IN_BROWSER)!;
  return known(code) + code;
}

it("compiles in a strict project, every declaration checked, and refuses misuse", () => {
  expect(complaints).toEqual([]);
});

it("every example has what it must show", () => {
  expect(onNode.map(({ name }) => name)).toEqual(Object.keys(SHOWS));
  expect(examples).toHaveLength(onNode.length + 1);
});

it.each(onNode.map(({ name }) => name))("%s", async (name) => {
  const child = spawn(process.execPath, [`${fileOf(name)}.js`], { cwd: project.directory });
  // Whatever happens next happens while the program runs.
  const capturing = setInterval(() => void ingest(device, [exchangeOf()]), 500);
  let out = "";
  let err = "";
  let opened = false;
  try {
    child.stderr.on("data", (chunk) => err += String(chunk));
    await new Promise<void>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", () => resolve());
      child.stdout.on("data", (chunk) => {
        out += String(chunk);
        const address = /^Open (http.*)\n/m.exec(out)?.[1];
        if (address !== undefined && !opened) {
          opened = true;
          consent(address, person).catch(reject);
        }
        // Those that follow something end when they are ended.
        if (SHOWS[name]!.every((shown) => shown.test(out))) resolve();
      });
    });
    for (const shown of SHOWS[name]!) expect(out).toMatch(shown);
    expect(err).toBe("");
  } finally {
    clearInterval(capturing);
    child.kill();
  }
});

it(IN_BROWSER, async () => {
  const { directory } = project;
  await project.write(
    "index.html",
    '<link rel=icon href="data:,"><body><script type=module src=page.js></script>',
  );
  await project.bundle("site");
  const server = createServer(async ({ url = "/" }, res) => {
    const path = url.split("?")[0]!;
    const type = path.endsWith(".js") ? "text/javascript" : "text/html";
    res.writeHead(200, { "Content-Type": type });
    res.end(await readFile(join(directory, "site", path === "/" ? "index.html" : path)));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { page } = await visit({ storageState: await signedIn(browser(), person) });
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await page.goto(address);
    await page.getByRole("heading", { name: "Allow My page to use your account?" }).waitFor();
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText(`Signed in as ${person.email}`).waitFor();
    expect(page.url()).toBe(address);
  } finally {
    server.close();
  }
});
