// How people come into a workspace, hand it over and leave it.

import { beforeAll, describe, expect, it } from "vitest";
import { auditOf } from "../support/audit.ts";
import { rest, rowsOf, rpc } from "../support/rest.ts";
import { database, newDevice, newPerson, type Person } from "../support/world.ts";

interface Invitation {
  id: string;
  code: string;
  expires_at: string;
}

let owner: Person, guest: Person, stranger: Person, root: Person;

beforeAll(async () => {
  [owner, guest, stranger, root] = await Promise.all([
    newPerson(),
    newPerson(),
    newPerson(),
    newPerson("admin"),
  ]) as [Person, Person, Person, Person];
});

async function newWorkspace(): Promise<string> {
  const [made] = rowsOf<{ id: string }>(
    await rest(owner.token, "POST", "workspaces", { name: "Shared", owner_user_id: owner.id }),
  );
  return made!.id;
}

const invite = (inviter: Person, workspace_id: string, email: string) =>
  rpc<Invitation | null>(inviter.token, "invite_to_workspace", { workspace_id, email });

const accept = (person: Person, code: string) =>
  rpc<{ workspace_id: string } | null>(person.token, "accept_invitation", { code });

/** Somebody invited and accepted. */
async function letIn(person: Person, workspace: string): Promise<void> {
  const { body } = await invite(owner, workspace, person.email);
  expect((await accept(person, body!.code)).body).toEqual({ workspace_id: workspace });
}

const sees = async (person: Person, workspace: string): Promise<boolean> =>
  rowsOf(await rest(person.token, "GET", `workspaces?id=eq.${workspace}`)).length === 1;

describe("an invitation", () => {
  it("lets in the person with its address, once, and both steps are audited", async () => {
    const workspace = await newWorkspace();
    const { body } = await invite(owner, workspace, guest.email.toUpperCase());
    const { id, code } = body!;
    expect(code).toMatch(/^[0-9a-f]{40}$/);
    expect(await sees(guest, workspace)).toBe(false);
    expect((await accept(guest, code)).body).toEqual({ workspace_id: workspace });
    expect(await sees(guest, workspace)).toBe(true);
    expect((await accept(guest, code)).body).toBeNull();

    const audited = await auditOf(id);
    expect(audited).toMatchObject([
      { action: "workspace_invitations.insert", actor_id: owner.id, workspace_id: workspace },
      { action: "workspace_invitations.update", actor_id: guest.id, workspace_id: workspace },
    ]);
    expect(JSON.stringify(audited)).not.toContain(code);
    const joined = (await auditOf(guest.id, "workspace_members.insert")).at(-1);
    expect(joined).toMatchObject({ actor_id: guest.id, workspace_id: workspace });
  });

  it("is used once, however often it is sent at the same moment", async () => {
    const workspace = await newWorkspace();
    const { body } = await invite(owner, workspace, guest.email);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => accept(guest, body!.code)),
    );
    expect(answers.filter((answer) => answer.body !== null)).toHaveLength(1);
  });

  it("is of no use to another address, guessed, expired or taken back", async () => {
    const workspace = await newWorkspace();
    const made = async () => (await invite(owner, workspace, guest.email)).body!;
    const { id, code } = await made();
    const refused = async (person: Person, tried: string) => {
      const answer = await accept(person, tried);
      expect([answer.status, answer.body]).toEqual([200, null]);
      const members = await database()<{ user_id: string }[]>`
        select user_id from public.workspace_members where workspace_id = ${workspace}`;
      expect(members.map(({ user_id }) => user_id)).toEqual([owner.id]);
    };
    await refused(stranger, code);
    await refused(root, code);
    for (const guess of ["", "0".repeat(40), code.toUpperCase(), `${code} `]) {
      await refused(guest, guess);
    }
    await database()`update public.workspace_invitations set expires_at = now() where id = ${id}`;
    await refused(guest, code);
    const again = await made();
    expect(again.id).toBe(id);
    await refused(guest, code);
    rowsOf(await rest(owner.token, "DELETE", `workspace_invitations?id=eq.${id}`));
    await refused(guest, again.code);
  });

  it("is made by those who manage the workspace", async () => {
    const workspace = await newWorkspace();
    await letIn(guest, workspace);
    for (const person of [guest, stranger]) {
      expect((await invite(person, workspace, stranger.email)).body).toBeNull();
      expect(rowsOf(await rest(person.token, "GET", "workspace_invitations"))).toEqual([]);
    }
    expect((await invite(root, workspace, stranger.email)).body).not.toBeNull();
  });

  it("needs an address", async () => {
    for (const email of ["nobody", "", "a b@example.com"]) {
      expect(await invite(owner, owner.workspaceId, email)).toMatchObject({
        status: 400,
        body: { message: "email: give an e-mail address" },
      });
    }
  });
});

describe("a workspace", () => {
  const handOver = (from: Person, workspace_id: string, to: Person) =>
    rpc(from.token, "transfer_workspace", { workspace_id, user_id: to.id });

  it("is handed over to a member, who then manages it; the move is audited", async () => {
    const workspace = await newWorkspace();
    expect((await handOver(owner, workspace, guest)).body).toBe(false);
    await letIn(guest, workspace);
    expect((await handOver(guest, workspace, guest)).body).toBe(false);
    expect((await handOver(stranger, workspace, guest)).body).toBe(false);
    expect((await handOver(owner, workspace, guest)).body).toBe(true);
    const path = `workspaces?id=eq.${workspace}`;
    expect(rowsOf(await rest(owner.token, "PATCH", path, { name: "Mine" }))).toEqual([]);
    expect(rowsOf(await rest(guest.token, "PATCH", path, { name: "Mine" }))).toHaveLength(1);
    expect((await auditOf(workspace, "workspaces.update"))[0]).toMatchObject({
      actor_type: "user",
      actor_id: owner.id,
      before: { owner_user_id: owner.id },
      after: { owner_user_id: guest.id },
    });
  });

  it("that is personal is not handed over", async () => {
    await letIn(guest, owner.workspaceId);
    expect((await handOver(owner, owner.workspaceId, guest)).body).toBe(false);
    expect((await handOver(root, owner.workspaceId, guest)).body).toBe(false);
  });

  it("is left by a member, whose devices stay without an owner", async () => {
    const workspace = await newWorkspace();
    await letIn(guest, workspace);
    const device = await newDevice(guest, { workspaceId: workspace });
    const leave = (person: Person) =>
      rpc(person.token, "leave_workspace", { workspace_id: workspace });
    expect((await leave(stranger)).body).toBe(false);
    expect((await leave(guest)).body).toBe(true);
    expect(await sees(guest, workspace)).toBe(false);
    expect((await leave(guest)).body).toBe(false);
    const [row] = rowsOf(await rest(owner.token, "GET", `devices?uuid=eq.${device.uuid}`));
    expect(row).toMatchObject({ owner_user_id: null, workspace_id: workspace });
    expect((await auditOf(guest.id, "workspace_members.delete")).at(-1)).toMatchObject({
      actor_id: guest.id,
      workspace_id: workspace,
    });
    expect(await leave(owner)).toMatchObject({
      status: 409,
      body: { message: expect.stringMatching(/owner cannot leave/) },
    });
  });
});
