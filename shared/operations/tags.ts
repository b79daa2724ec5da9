import { z } from "zod";
import type { Filter } from "../filter/ast.ts";
import { printFilter } from "../filter/print.ts";
import { deviceUuid, entryId, id, name, workspaceId } from "./fields.ts";
import { type Operation, operation } from "./operation.ts";
import { tableOperations } from "./rows.ts";
import { filter, filterTree } from "./selection.ts";

const tagId = id("a tag");
const tag = {
  name: name(60),
  color: z.string().regex(/^#[0-9a-f]{6}$/, "give #rrggbb in lower case").nullable(),
};
const savedFilter = {
  name: name(120),
  filter,
  text: z.string().max(4_000).describe("how the person wrote it, if filter is a tree"),
};

/** A filter is kept as the tree it means and the text a person reads. */
function kept({ filter: given, ...rest }: Record<string, unknown>): Record<string, unknown> {
  if (given === undefined) return rest;
  const tree = filterTree(given as z.infer<typeof filter>);
  return {
    text: typeof given === "string" ? given : printFilter(tree as Filter),
    ...rest,
    filter: tree,
  };
}

export const TAG_OPERATIONS: Operation[] = [
  ...tableOperations({
    table: "tags",
    one: "tag",
    many: "tags",
    about: "labels of a workspace, for devices and entries",
    toolset: "tags",
    section: "tags",
    content: "product",
    key: { id: tagId },
    filters: { workspace_id: workspaceId, name: tag.name },
    order: "name",
    create: { workspace_id: workspaceId, name: tag.name, color: tag.color.optional() },
    update: tag,
    remove: "It comes off every device and entry.",
  }),
  ...tableOperations({
    table: "device_tags",
    one: "device_tag",
    many: "device_tags",
    names: { create: "tag_device", remove: "untag_device" },
    about: "which tag is on which device",
    toolset: "tags",
    section: "devices",
    content: "product",
    key: { device_uuid: deviceUuid, tag_id: tagId },
    filters: { device_uuid: deviceUuid, tag_id: tagId },
    order: "created_at",
    get: false,
    create: { device_uuid: deviceUuid, tag_id: tagId },
    remove: "The tag itself stays.",
  }),
  ...tableOperations({
    table: "entry_tags",
    one: "entry_tag",
    many: "entry_tags",
    names: { create: "tag_entry", remove: "untag_entry" },
    about: "which tag is on which captured entry",
    toolset: "tags",
    section: "entries",
    content: "product",
    key: { entry_id: entryId, tag_id: tagId },
    filters: { entry_id: entryId, tag_id: tagId },
    order: "created_at",
    newestFirst: true,
    get: false,
    create: { entry_id: entryId, tag_id: tagId },
    remove: "The tag itself stays.",
  }),
  ...tableOperations({
    table: "saved_filters",
    one: "saved_filter",
    many: "saved_filters",
    about: "filters on entries that a workspace keeps",
    toolset: "tags",
    section: "entries",
    content: "product",
    key: { id: id("a saved filter") },
    columnsOf: kept,
    filters: { workspace_id: workspaceId, name: savedFilter.name },
    order: "name",
    create: {
      workspace_id: workspaceId,
      name: savedFilter.name,
      filter: savedFilter.filter,
      text: savedFilter.text.optional(),
    },
    update: savedFilter,
    remove: "",
  }),
  operation({
    toolset: "tags",
    content: "product",
    name: "parse_filter",
    title: "Read a filter",
    summary:
      "The tree of a filter's text and the text of a tree, or where its mistake is. Saved filters hold both.",
    needs: null,
    effect: "read",
    input: () => z.strictObject({ filter }),
    run(_call, input) {
      const tree = filterTree(input.filter) as Filter;
      return Promise.resolve({ filter: tree, text: printFilter(tree) });
    },
  }),
];
