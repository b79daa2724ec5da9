// A copy of what is deployed, for a test to break, and the deployment of it to a stand-in.

import { exportJWK, generateKeyPair } from "jose";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { deploy, type Deployment } from "../../../scripts/deploy/deploy.ts";
import {
  type ManagementApi,
  REHEARSAL_REF,
  startManagementApi,
} from "../../../scripts/deploy/management-api.ts";
import { withProfile } from "../../../scripts/deploy/rehearsal.ts";
import { root } from "../../../scripts/tools.ts";

const DEPLOYED = ["functions", "shared", "supabase", "deno.json", "version.json"];

export interface Project {
  readonly root: string;
  readonly secretsFile: string;
  /** What the functions' secrets are. */
  readonly secrets: Readonly<Record<string, string>>;
  write(path: string, text: string): Promise<void>;
  /** Replaces a text that must be there. */
  edit(path: string, from: string, to: string): Promise<void>;
  remove(): Promise<void>;
}

/** Copies the working copy, its packages by reference, and makes valid secrets for it. */
export async function copyProject(): Promise<Project> {
  const copy = await mkdtemp(join(tmpdir(), "busymate-deploy-"));
  for (const path of DEPLOYED) {
    await cp(join(root, path), join(copy, path), { recursive: true });
  }
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));

  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const secrets = {
    BUSYMATE_ISSUER: "https://project.example/functions/v1/mcp",
    BUSYMATE_WEB_URL: "https://app.example",
    BUSYMATE_SIGNING_KEY: JSON.stringify({ ...await exportJWK(privateKey), kid: "test" }),
  };
  const secretsFile = join(copy, ".env.production");
  const lines = Object.entries(secrets).map(([name, value]) => `${name}='${value}'\n`);
  await writeFile(secretsFile, lines.join(""));

  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(copy, path)), { recursive: true });
    await writeFile(join(copy, path), text);
  };
  return {
    root: copy,
    secretsFile,
    secrets,
    write,
    async edit(path, from, to) {
      const text = await readFile(join(copy, path), "utf8");
      if (!text.includes(from)) throw new Error(`${path} does not hold ${from}`);
      await write(path, text.replace(from, () => to));
    },
    remove: () => rm(copy, { recursive: true, force: true }),
  };
}

export interface Deployed {
  readonly api: ManagementApi;
  readonly lines: readonly string[];
  /** What the operator was told instead of a success. */
  readonly complaint: string | undefined;
}

/** Deploys a project to a stand-in and to a real database. */
export async function deployTo(
  databaseUrl: string,
  { root, secretsFile }: Project,
  options: Partial<Pick<Deployment, "admin" | "confirmDestructive" | "dryRun">> = {},
): Promise<Deployed> {
  const api = await startManagementApi();
  const lines: string[] = [];
  let complaint: string | undefined;
  try {
    await withProfile(api, async (environment) => {
      await deploy({
        root,
        secretsFile,
        environment: {
          ...environment,
          SUPABASE_PROJECT_ID: REHEARSAL_REF,
          SUPABASE_DB_URL: `${databaseUrl}?sslmode=disable`,
        },
        confirmDestructive: false,
        dryRun: false,
        ...options,
        report: (line) => lines.push(line),
      });
    });
  } catch (error) {
    if ((error as Error).name !== "Complaint") throw error;
    complaint = (error as Error).message;
  } finally {
    await api.stop();
  }
  return { api, lines, complaint };
}
