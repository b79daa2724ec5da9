import { describe, expect, it } from "vitest";
import { Complaint } from "./complaint.ts";
import { parseStackInfo, readStackInfo, stackFile } from "./stack-info.ts";

const info = {
  url: "http://127.0.0.1:54321",
  db_url: "postgres://postgres@127.0.0.1:54322/postgres",
  publishable_key: "sb_publishable_x",
  secret_key: "sb_secret_x",
  issuer: "http://127.0.0.1:54321/functions/v1/mcp",
  web_url: "http://127.0.0.1:54321",
  pid: 1,
  users: [{
    email: "admin@busymate.test",
    password: "secret",
    role: "admin",
    workspace_id: "00000000-0000-4000-8000-000000000001",
  }],
  workspace_id: "00000000-0000-4000-8000-000000000001",
};

describe("a stack's file", () => {
  it("is found in the data directory", () => {
    expect(stackFile({})).toBe(".busymate/stack.json");
    expect(stackFile({ BUSYMATE_DATA: "" })).toBe(".busymate/stack.json");
    expect(stackFile({ BUSYMATE_DATA: "/data" })).toBe("/data/stack.json");
  });

  it("is read as it was written", () => {
    expect(parseStackInfo(JSON.stringify(info), "stack.json")).toEqual(info);
  });

  it("that is missing says how to start a stack", () => {
    expect(() => readStackInfo("/nowhere/stack.json")).toThrow(/npm start/);
  });

  it("that is broken names the field", () => {
    const broken = JSON.stringify({ ...info, secret_key: undefined });
    expect(() => parseStackInfo(broken, "stack.json")).toThrow(/stack\.json.*secret_key/);
    expect(() => parseStackInfo("{", "stack.json")).toThrow(Complaint);
  });
});
