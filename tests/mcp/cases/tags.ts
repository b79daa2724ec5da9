import { answers, type Cases, tableCases } from "../support/case.ts";

export const TAG_CASES: Cases = {
  ...tableCases("tags", {
    list: "list_tags",
    get: "get_tag",
    create: "create_tag",
    update: "update_tag",
    remove: "delete_tag",
  }),
  ...tableCases("device_tags", {
    list: "list_device_tags",
    create: "tag_device",
    remove: "untag_device",
  }),
  ...tableCases("entry_tags", {
    list: "list_entry_tags",
    create: "tag_entry",
    remove: "untag_entry",
  }),
  ...tableCases("saved_filters", {
    list: "list_saved_filters",
    get: "get_saved_filter",
    create: "create_saved_filter",
    update: "update_saved_filter",
    remove: "delete_saved_filter",
  }),
  parse_filter: {
    args: () => ({ filter: "host:*.example.com status>=400" }),
    check: answers({
      filter: {
        and: [
          { field: "host", op: "glob", value: "*.example.com" },
          { field: "status", op: "gte", value: 400 },
        ],
      },
      text: "host*=*.example.com status>=400",
    }),
    everyone: true,
  },
};
