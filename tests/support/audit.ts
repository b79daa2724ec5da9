import { database } from "./world.ts";

export interface AuditRow {
  action: string;
  actor_type: string;
  actor_id: string | null;
  client_id: string | null;
  workspace_id: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

/** What the audit log says of a thing, oldest first. */
export async function auditOf(target: string, action?: string): Promise<AuditRow[]> {
  const sql = database();
  return [
    ...await sql<AuditRow[]>`
      select action, actor_type, actor_id, client_id, workspace_id, before, after
      from public.audit_log
      where target = ${target} ${action === undefined ? sql`` : sql`and action = ${action}`}
      order by id`,
  ];
}
