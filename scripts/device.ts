// A device of a demo account: paired once, its credential kept beside the stack's data.

import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { hostname, platform } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { Complaint } from "./complaint.ts";
import type { Person } from "./person.ts";
import type { StackInfo } from "./stack-info.ts";

const credentialShape = z.object({
  device_uuid: z.guid(),
  token: z.string().min(1),
  expires_at: z.string(),
});

const keptShape = credentialShape.extend({ url: z.string(), email: z.string() });

export type DeviceCredential = z.infer<typeof credentialShape>;

/** Credentials last 365 days and renew themselves after 30. */
const RENEW_BELOW_MS = 335 * 24 * 3600 * 1000;

/** The credential of the person's device with that name; pairs the device when there is none that works. */
export async function deviceOf(
  stack: StackInfo,
  dataDir: string,
  owner: Person,
  name: string,
): Promise<DeviceCredential> {
  const file = join(dataDir, "devices", `${encodeURIComponent(name)}.json`);
  const kept = await readKept(file);
  const usable = kept && kept.url === stack.url && kept.email === owner.email;
  if (usable && await isLive(stack, kept.token)) {
    if (Date.parse(kept.expires_at) - Date.now() > RENEW_BELOW_MS) return kept;
    const renewed = await call(stack, "/renew", kept.token);
    return await keep(file, stack, owner, credentialShape.parse(renewed));
  }
  const uuid = usable ? kept.device_uuid : crypto.randomUUID();
  return await keep(file, stack, owner, await pair(stack, owner, { uuid, name }));
}

/** What a device and its owner do together: the owner asks for a code, the device turns it in. */
async function pair(
  stack: StackInfo,
  owner: Person,
  device: { uuid: string; name: string },
): Promise<DeviceCredential> {
  const asked = await call(stack, "/codes", await owner.token(), {
    workspace_id: owner.workspaceId,
  });
  const { code } = z.object({ code: z.string() }).parse(asked);
  const paired = await call(stack, "", undefined, {
    code,
    device: { ...device, os: platform(), model: hostname().slice(0, 120) },
  });
  return credentialShape.parse(paired);
}

/** A credential dies when its device is unpaired, or with the database it was made for. */
async function isLive(stack: StackInfo, token: string): Promise<boolean> {
  const response = await fetch(`${stack.url}/rest/v1/entries?select=request_id&limit=0`, {
    headers: { apikey: stack.publishable_key, authorization: `Bearer ${token}` },
  });
  await response.body?.cancel();
  return response.ok;
}

async function call(
  stack: StackInfo,
  path: string,
  token: string | undefined,
  body?: object,
): Promise<unknown> {
  const response = await fetch(`${stack.url}/functions/v1/device-pair${path}`, {
    method: "POST",
    headers: {
      apikey: stack.publishable_key,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body ? { "content-type": "application/json" } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const answer = await response.text();
  if (!response.ok) {
    throw new Complaint(`device-pair${path} answered ${response.status}: ${answer.slice(0, 300)}`);
  }
  return JSON.parse(answer);
}

async function readKept(file: string): Promise<z.infer<typeof keptShape> | null> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const kept = keptShape.safeParse(JSON.parse(text));
  if (kept.success) return kept.data;
  throw new Complaint(`${file} is not a device's credential; remove it to pair the device anew.`);
}

async function keep(
  file: string,
  stack: StackInfo,
  owner: Person,
  credential: DeviceCredential,
): Promise<DeviceCredential> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const text = JSON.stringify({ url: stack.url, email: owner.email, ...credential }, null, 2);
  // Written aside and moved: a program that is killed here must not leave half a credential.
  const aside = `${file}.${process.pid}`;
  await writeFile(aside, text, { mode: 0o600 });
  await rename(aside, file);
  return credential;
}
