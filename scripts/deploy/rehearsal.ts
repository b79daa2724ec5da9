// The rehearsal of a deployment: the real CLI deploys to a stand-in on this machine, and what it
// sent is compared with what the code says it is made of. Only then may anything leave the machine.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Complaint } from "../complaint.ts";
import { createCli } from "./cli.ts";
import { declaredFunctions, filesOf, refuseFolderMappings } from "./functions.ts";
import {
  type ManagementApi,
  REHEARSAL_REF,
  REHEARSAL_TOKEN,
  startManagementApi,
  type Upload,
} from "./management-api.ts";

/** Hosted takes 20 MB; a function of ours that comes near a tenth of it has something in it by mistake. */
export const UPLOAD_LIMIT = 2 * 2 ** 20;

/** Deploys every function of `root` to a stand-in and returns what was uploaded, all of it in order. */
export async function rehearse(root: string): Promise<readonly Upload[]> {
  const functions = declaredFunctions(root);
  refuseFolderMappings(root);
  const expected = new Map<string, Set<string>>();
  for (const { slug } of functions) expected.set(slug, await filesOf(root, slug));

  const uploads = await deployToStandIn(root);
  const faults = functions.flatMap(({ slug, verifyJwt }) => {
    const upload = uploads.find((candidate) => candidate.slug === slug);
    return upload ? faultsOf(upload, verifyJwt, expected.get(slug)!) : [`${slug} is not uploaded`];
  });
  if (faults.length > 0) throw new Complaint(faults.join("\n"));
  return uploads;
}

function faultsOf(
  { slug, metadata, files }: Upload,
  verifyJwt: boolean,
  expected: ReadonlySet<string>,
): string[] {
  const missing = [...expected].filter((path) => !files.has(path));
  const extra = [...files.keys()].filter((path) => !expected.has(path));
  const size = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
  return [
    ...missing.map((path) => `${slug} imports ${path}, which the CLI does not upload`),
    ...extra.map((path) => `${slug} does not import ${path}, which the CLI uploads`),
    ...(size > UPLOAD_LIMIT ? [`${slug} is ${size} bytes, more than ${UPLOAD_LIMIT}`] : []),
    ...(metadata.verify_jwt === verifyJwt ? [] : [`${slug}: verify_jwt is not what is declared`]),
  ];
}

async function deployToStandIn(root: string): Promise<readonly Upload[]> {
  const api = await startManagementApi();
  try {
    return await withProfile(api, async (environment) => {
      await createCli(root, environment)(
        "functions",
        "deploy",
        "--use-api",
        `--remote=${REHEARSAL_REF}`,
      );
      return api.uploads;
    });
  } finally {
    await api.stop();
  }
}

/** Calls back with an environment in which the CLI knows the stand-in and nobody else. */
export async function withProfile<T>(
  api: Pick<ManagementApi, "url">,
  use: (environment: Record<string, string | undefined>) => Promise<T>,
): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), "busymate-rehearsal-"));
  try {
    const profile = join(home, "profile.yaml");
    await writeFile(
      profile,
      [
        "name: rehearsal",
        `api_url: ${api.url}`,
        `dashboard_url: ${api.url}`,
        "project_host: rehearsal.invalid",
        "pooler_host: rehearsal.invalid",
        "",
      ].join("\n"),
    );
    return await use({
      PATH: process.env["PATH"],
      HOME: home,
      SUPABASE_PROFILE: profile,
      SUPABASE_ACCESS_TOKEN: REHEARSAL_TOKEN,
    });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
