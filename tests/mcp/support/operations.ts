// Every operation, through a real client: what succeeds, who is refused and in which words, what bad
// input is told, and that nothing of another person's is read or changed.

import { randomUUID } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { inputOf, type Operation, type Toolset } from "../../../shared/operations/operation.ts";
import { OPERATIONS } from "../../../shared/operations/registry.ts";
import { CASES } from "../cases/all.ts";
import type { Case } from "./case.ts";
import type { Answer, Arguments } from "./client.ts";
import { type Agent, newScene, rowsAbout, type Scene, unlimited } from "./scene.ts";

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
const FENCE = /captured-[0-9a-f]+/g;

/** Tries every operation of some toolsets; they are in two files so that two workers share them. */
export function tryOperations(toolsets: readonly Toolset[]): void {
  describe.each(toolsets)("%s", tryToolset);
}

function tryToolset(toolset: Toolset): void {
  const operations = [...OPERATIONS.values()].filter((one) => one.toolset === toolset);
  let scene: Scene;
  beforeAll(async () => {
    scene = await newScene();
  });
  beforeEach(async () => {
    await unlimited([scene.owner, scene.admin, scene.stranger, scene.bare]);
  });

  describe.each(operations.map((operation) => [operation.name, operation] as const))(
    "%s",
    (name, operation) => {
      const one: Case = CASES[name]!;
      const whole = (args: Arguments) => ({ ...args, ...confirmation(operation) });
      const { needs, adminOnly, effect } = operation;

      let agent: Agent;
      let args: Arguments;
      // Made once: what is refused changes nothing, so that the same arguments succeed at the end.
      beforeAll(async () => {
        agent = typeof one.by === "function" ? await one.by(scene) : scene[one.by ?? "owner"];
        args = await one.args(scene, agent);
      });

      it.runIf(needs !== null || adminOnly)("names what a role lacks", async () => {
        const before = await rowsAbout(mentioned(scene, args));
        const answer = await scene.bare.mcp.call(name, whole(args));
        expect(answer.refused).toBe(true);
        expect(answer.text).toMatch(
          needs && !adminOnly ? `${needs.section}:${needs.action}` : /admin/,
        );
        expect(await rowsAbout(mentioned(scene, args))).toEqual(before);
      });

      it("says what is wrong with its input, and what would be right", async () => {
        const { shape } = inputOf(operation);
        const stray = await agent.mcp.call(name, { ...whole(args), nonsense: 1 });
        expect(stray.refused).toBe(true);
        expect(stray.text).toContain('"nonsense"');
        for (const field of Object.keys(shape)) expect(stray.text).toContain(field);

        await Promise.all(
          Object.entries(shape).map(async ([field, type]) => {
            const wrong = [[], {}, "", -1, null].find((value) => !type.safeParse(value).success);
            const answer = await agent.mcp.call(name, { ...whole(args), [field]: wrong });
            expect(answer.refused).toBe(true);
            expect(answer.text).toContain(field);
          }),
        );
      });

      it.runIf(effect === "destructive")("wants a confirmation", async () => {
        const before = await rowsAbout(mentioned(scene, args));
        const unsure = [{}, { confirm: false }, { confirm: "yes" }];
        await Promise.all(unsure.map(async (confirm) => {
          const answer = await agent.mcp.call(name, { ...args, ...confirm });
          expect(answer.refused).toBe(true);
          expect(answer.text).toContain(
            `confirm: ${JSON.stringify(confirmation(operation)!.confirm)}`,
          );
        }));
        expect(await rowsAbout(mentioned(scene, args))).toEqual(before);
      });

      it("shows and changes nothing of another person's", async () => {
        const before = await rowsAbout(mentioned(scene, args), scene.stranger.id);
        const refused = await scene.stranger.mcp.call(name, whole(args));
        expect(await rowsAbout(mentioned(scene, args), scene.stranger.id)).toEqual(before);
        for (const mark of [scene.owner.email, scene.device.name, scene.host]) {
          if (!JSON.stringify(args).includes(mark)) expect(refused.text).not.toContain(mark);
        }
        if (one.everyone) return;
        const [unknownArgs, ids] = renamed(args);
        const unknown = await scene.stranger.mcp.call(name, whole(unknownArgs));
        expect(told(refused, [...ids.keys()])).toEqual(told(unknown, [...ids.values()]));
      });

      it("succeeds", async () => {
        // What everybody may do the stranger has done.
        if (one.everyone) args = await one.args(scene, agent);
        const answer = await agent.mcp.succeed(name, whole(args));
        expect(answer.text.length).toBeLessThanOrEqual(25_000);
        await one.check(answer, scene, args);
      });
    },
  );
}

/** What a destructive operation wants to be told. */
function confirmation({ effect, confirm }: Operation): { confirm: true | "all" } | undefined {
  return effect === "destructive" ? { confirm: confirm === "all" ? "all" : true } : undefined;
}

/** The ids that tell the scene's rows, and those of the arguments'. */
function mentioned(scene: Scene, args: Arguments): string[] {
  const ids = JSON.stringify(args).match(UUID) ?? [];
  return [scene.workspaceId, scene.ownerId, scene.device.uuid, ...ids];
}

/** The same arguments with ids that nobody has. */
function renamed(args: Arguments): [Arguments, Map<string, string>] {
  const ids = new Map<string, string>();
  const text = JSON.stringify(args).replace(UUID, (id) => {
    if (!ids.has(id)) ids.set(id, randomUUID());
    return ids.get(id)!;
  });
  return [JSON.parse(text), ids];
}

/** An answer without the ids asked about and without its fence, which is another one each time. */
function told({ text, refused }: Answer, ids: readonly string[]) {
  const blank = ids.reduce((told, id, index) => told.replaceAll(id, `<${index}>`), text);
  return { refused, text: blank.replaceAll(FENCE, "captured") };
}
