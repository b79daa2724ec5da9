import type { Database as Generated } from "../../../shared/db/database.types.ts";

/** The schema as its migrations make it; other schemas are for the functions alone. */
export type Database = Pick<Generated, "public">;

/** A row of a table: `Tables<"devices">`. */
export type Tables<Name extends keyof Database["public"]["Tables"]> =
  Database["public"]["Tables"][Name]["Row"];
