import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { put } from "../../support/matrix/declaration.ts";
import { answers, type Case, type Cases } from "../support/case.ts";
import { type Answer, valueOf } from "../support/client.ts";
import type { Scene } from "../support/scene.ts";

const selection = ({ workspaceId, host }: Scene) => ({
  workspace_id: workspaceId,
  filter: `host:${host}`,
});

/** The document that a job made, once it is done. */
async function resultOf(started: Answer, { owner }: Scene) {
  const { job } = valueOf<{ job: { id: string } }>(started);
  const read = async () =>
    valueOf<{ status: string; result?: { text: string } }>(
      await owner.mcp.succeed("get_job", { id: job.id }),
    );
  await expect.poll(async () => (await read()).status).toBe("done");
  return JSON.parse((await read()).result!.text);
}

const exported = (expected: (scene: Scene) => object): Case["check"] => async (answer, scene) => {
  expect(await resultOf(answer, scene)).toMatchObject(expected(scene));
};

export const EXPORT_CASES: Cases = {
  export_har: {
    args: selection,
    check: exported(({ host }) => ({
      log: {
        version: "1.2",
        entries: expect.arrayContaining([
          expect.objectContaining({
            request: expect.objectContaining({ url: `https://${host}/login` }),
          }),
        ]),
      },
    })),
    everyone: true,
  },
  export_openapi: {
    args: (scene) => ({ ...selection(scene), title: "Things" }),
    check: exported(() => ({
      info: { title: "Things" },
      paths: { "/login": { post: { responses: { 401: expect.anything() } } } },
    })),
    everyone: true,
  },
  get_job: {
    args: ({ ownerId }) =>
      put("jobs", {
        user_id: ownerId,
        kind: randomUUID(),
        status: "done",
        result: { text: "a long text" },
      }, "id").then(({ id }) => ({ id, offset: 2, length: 4 })),
    check: answers({ status: "done", result: { text: "long", characters: 11, next_offset: 6 } }),
  },
};
