import { expect } from "vitest";
import { MATRIX } from "../../support/matrix.ts";
import { database } from "../../support/world.ts";
import { type Cases, tableCases } from "../support/case.ts";
import { valueOf } from "../support/client.ts";
import type { Scene } from "../support/scene.ts";

/** A group that holds a service with a domain. */
async function groupWithDomain(scene: Scene) {
  const { service_id } = await MATRIX["service_domains"]!.row(scene);
  const { id: group_id } = await MATRIX["service_groups"]!.row(scene);
  await database()`
    insert into public.service_group_services (group_id, service_id)
    values (${group_id!}, ${service_id!})`;
  return group_id!;
}

export const SERVICE_CASES: Cases = {
  ...tableCases("services", {
    list: "list_services",
    get: "get_service",
    create: "create_service",
    update: "update_service",
    remove: "delete_service",
  }),
  ...tableCases("service_domains", {
    list: "list_service_domains",
    create: "add_service_domain",
    remove: "remove_service_domain",
  }),
  ...tableCases("service_groups", {
    list: "list_service_groups",
    get: "get_service_group",
    create: "create_service_group",
    update: "update_service_group",
    remove: "delete_service_group",
  }),
  ...tableCases("service_group_services", {
    list: "list_service_group_members",
    create: "add_service_to_group",
    remove: "remove_service_from_group",
  }),
  ...tableCases("service_group_includes", {
    list: "list_service_group_includes",
    create: "include_service_group",
    remove: "exclude_service_group",
  }),
  expand_service_groups: {
    args: async (scene) => ({ group_ids: [await groupWithDomain(scene)] }),
    check(answer, _, args) {
      const { rows } = valueOf<{ rows: { group_id: string; domain: string }[] }>(answer);
      expect(rows).toHaveLength(1);
      expect(rows[0]).toMatchObject({
        group_id: (args["group_ids"] as string[])[0],
        domain: expect.stringMatching(/\.example\.com$/),
      });
    },
  },
};
