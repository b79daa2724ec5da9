import postgres from "postgres";
import type { StackInfo } from "../scripts/stack-info.ts";

/** Made by supabase/seed.sql, as are the accounts. */
export const DEMO_WORKSPACE = "00000000-0000-4000-8000-00000000d3f0";
const PASSWORD = "busymate-demo";

/** The seeded accounts that still exist, each with a workspace it works in: the demo one if it can. */
export async function readDemoUsers(databaseUrl: string): Promise<StackInfo["users"]> {
  const sql = postgres(databaseUrl, { max: 1 });
  try {
    const rows = await sql<{ email: string; role: string; workspace_id: string }[]>`
      select p.email, p.role, w.workspace_id
      from public.profiles p
      cross join lateral (
        select m.workspace_id
        from public.workspace_members m
        join public.workspaces w on w.id = m.workspace_id
        where m.user_id = p.id
        order by m.workspace_id = ${DEMO_WORKSPACE} desc, w.created_at, w.id
        limit 1
      ) w
      where p.email like '%@busymate.test'
      order by array_position(array['admin', 'member', 'viewer'], p.role), p.email`;
    return rows.map((row) => ({ ...row, password: PASSWORD }));
  } finally {
    await sql.end();
  }
}
