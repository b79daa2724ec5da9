// What a stack tells the programs that use it: the file it writes when it is ready.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Complaint } from "./complaint.ts";

const StackInfoShape = z.object({
  url: z.url(),
  db_url: z.string().min(1),
  publishable_key: z.string().min(1),
  secret_key: z.string().min(1),
  issuer: z.url(),
  web_url: z.url(),
  pid: z.int(),
  users: z.array(z.object({
    email: z.string(),
    password: z.string(),
    role: z.string(),
    workspace_id: z.guid(),
  })),
  workspace_id: z.guid(),
});

/** Addresses, keys and demo accounts of a stack. */
export type StackInfo = z.infer<typeof StackInfoShape>;

/** Where the stack of this working copy writes its file. */
export function stackFile(environment: Record<string, string | undefined>): string {
  return join(environment["BUSYMATE_DATA"] || ".busymate", "stack.json");
}

/** Reads and checks a stack's file. */
export function readStackInfo(file: string): StackInfo {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Complaint(`There is no stack: ${file} does not exist. Start one with: npm start`);
  }
  return parseStackInfo(text, file);
}

/** Checks the text of a stack's file; `file` is what the complaint names. */
export function parseStackInfo(text: string, file: string): StackInfo {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Complaint(`${file} is not JSON: ${error.message}`);
  }
  const parsed = StackInfoShape.safeParse(json);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) =>
    `${issue.path.join(".") || "the whole"}: ${issue.message}`
  );
  throw new Complaint(`${file} is not a stack's file (${faults.join("; ")})`);
}
