import { createHash, randomBytes, randomInt } from "node:crypto";
import { expect } from "vitest";
import { database } from "../../support/world.ts";
import { answers, type Case, type Cases } from "../support/case.ts";
import { type Agent, newAgent } from "../support/scene.ts";

const newNumber = () => randomInt(1, 2 ** 31 - 1);

/** A code as the bot gives one out; whoever holds it may use it. */
async function newCode(): Promise<{ code: string }> {
  const code = randomBytes(16).toString("base64url");
  const sql = database();
  await sql`insert into private.telegram_link_codes ${
    sql({
      code_hash: createHash("sha256").update(code).digest("hex"),
      telegram_user_id: newNumber(),
      chat_id: newNumber(),
      username: "ada",
    })
  }`;
  return { code };
}

async function link({ id }: Agent): Promise<Record<string, never>> {
  const sql = database();
  await sql`insert into public.telegram_links ${
    sql({ user_id: id, telegram_user_id: newNumber(), chat_id: newNumber(), username: "ada" })
  } on conflict do nothing`;
  return {};
}

/** Each call is somebody's first: an account is linked once. */
const common = { by: () => newAgent(), everyone: true } as const;

const isLinked: Case["check"] = async (_answer, _scene, { code }) => {
  const code_hash = createHash("sha256").update(code as string).digest("hex");
  expect(await database()`select from private.telegram_link_codes where code_hash = ${code_hash}`)
    .toHaveLength(0);
};

export const TELEGRAM_CASES: Cases = {
  get_telegram_link: {
    ...common,
    args: (_scene, caller) => link(caller),
    check: answers({ linked: true, link: { username: "ada" } }),
  },
  get_telegram_link_request: {
    ...common,
    args: newCode,
    check: answers({ username: "ada", telegram_user_id: expect.any(Number) }),
  },
  link_telegram: {
    ...common,
    args: newCode,
    async check(answer, scene, args) {
      answers({ linked: true, username: "ada" })(answer, scene, args);
      await isLinked(answer, scene, args);
    },
  },
  unlink_telegram: {
    ...common,
    args: (_scene, caller) => link(caller),
    check: answers({ unlinked: true }),
  },
};
