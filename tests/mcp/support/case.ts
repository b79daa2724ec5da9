// What an operation is tried with. Refusals and bad input follow from its declaration; a case says
// what succeeds, and how to see that it did.

import { expect } from "vitest";
import { MATRIX } from "../../support/matrix.ts";
import type { Key } from "../../support/matrix/declaration.ts";
import { database } from "../../support/world.ts";
import { type Answer, type Arguments, valueOf } from "./client.ts";
import type { Agent, Scene } from "./scene.ts";

export interface Case {
  /** Who succeeds: the owner unless told; a function makes somebody for this call alone. */
  readonly by?: "owner" | "admin" | ((scene: Scene) => Promise<Agent>);
  /** Arguments that succeed, without `confirm`. Asked anew for each call, and makes what it needs. */
  readonly args: (scene: Scene, caller: Agent) => Arguments | Promise<Arguments>;
  /** What is true once it succeeded. */
  readonly check: (answer: Answer, scene: Scene, args: Arguments) => void | Promise<void>;
  /**
   * It is about the caller, or about what everybody signed in may see: no arguments of it name
   * anything that is another's, so strangers succeed, each with an answer of their own.
   */
  readonly everyone?: true;
}

export type Cases = Readonly<Record<string, Case>>;

interface Names {
  readonly list?: string;
  readonly get?: string;
  readonly create?: string;
  readonly update?: string;
  readonly remove?: string;
}

interface TableOptions {
  readonly by?: Case["by"];
  readonly everyone?: true;
  /** Where the owner of the scene does not own the matrix's row. */
  readonly row?: (scene: Scene, caller: Agent) => Promise<Key>;
  /** Columns that an operation fills in itself, and others it has instead. */
  readonly insert?: (scene: Scene, caller: Agent) => Arguments | Promise<Arguments>;
  /** Narrows the list, where everybody's rows are in it. */
  readonly narrow?: (key: Key, scene: Scene) => Arguments;
}

/** The cases of a table's operations, whose rows and changes the matrix of rights already knows. */
export function tableCases(table: string, names: Names, options: TableOptions = {}): Cases {
  const declared = MATRIX[table]!;
  const row = options.row ?? ((scene: Scene) => declared.row(scene));
  const change = () => typeof declared.update === "function" ? declared.update() : declared.update;
  const common = {
    ...(options.by && { by: options.by }),
    ...(options.everyone && { everyone: options.everyone }),
  };
  const cases: Record<string, Case> = {};
  if (names.list) {
    let key: Key = {};
    cases[names.list] = {
      ...common,
      async args(scene, caller) {
        key = await row(scene, caller);
        return { limit: 200, ...options.narrow?.(key, scene) };
      },
      check(answer) {
        expect(valueOf<{ rows: unknown[] }>(answer).rows)
          .toContainEqual(expect.objectContaining(key));
      },
    };
  }
  if (names.get) {
    cases[names.get] = {
      ...common,
      args: row,
      check: (answer, _, args) => expect(valueOf(answer)).toMatchObject(args),
    };
  }
  if (names.create) {
    cases[names.create] = {
      ...common,
      args: (scene, caller) => options.insert?.(scene, caller) ?? declared.insert(scene, caller.id),
      async check(answer, _, args) {
        expect(valueOf(answer)).toMatchObject(args);
        expect(await find(table, args)).toHaveLength(1);
      },
    };
  }
  if (names.update) {
    cases[names.update] = {
      ...common,
      args: async (scene, caller) => ({ ...await row(scene, caller), ...change() }),
      async check(answer, _, args) {
        expect(valueOf(answer)).toMatchObject(args);
        expect(await find(table, args)).toHaveLength(1);
      },
    };
  }
  if (names.remove) {
    cases[names.remove] = {
      ...common,
      args: row,
      async check(_answer, _scene, args) {
        expect(await find(table, args)).toEqual([]);
      },
    };
  }
  return cases;
}

/** The rows of a table with these values. */
export async function find(table: string, columns: Arguments): Promise<unknown[]> {
  const sql = database();
  return [
    ...await sql`
      select to_jsonb(t) as row from ${sql(`public.${table}`)} as t
      where to_jsonb(t) @> ${sql.json(columns as Key)}`,
  ];
}

/** A check that the answer holds certain values. */
export const answers =
  (expected: object | ((scene: Scene) => object)): Case["check"] => (answer, scene) => {
    expect(valueOf(answer)).toMatchObject(
      typeof expected === "function" ? expected(scene) : expected,
    );
  };
