// The first admin. Every later one is made by an admin in the product; the first cannot be.

import { z } from "zod";
import { Complaint } from "../complaint.ts";
import type { Cli } from "./cli.ts";

const Answer = z.array(z.object({ outcome: z.enum(["made", "is", "other", "missing"]) })).length(1);

/** Makes the account an admin unless there is one already. */
export async function makeFirstAdmin(cli: Cli, remote: string, email: string): Promise<string> {
  const { stdout } = await cli("db", "query", remote, "--output-format=json", statement(email));
  const { outcome } = Answer.parse(JSON.parse(stdout))[0]!;
  switch (outcome) {
    case "made":
      return `${email} is the first admin`;
    case "is":
      return `${email} is an admin already`;
    case "other":
      throw new Complaint(
        `There is an admin already, who makes ${email} one on the account page or by MCP.`,
      );
    case "missing":
      throw new Complaint(
        `There is no account ${email}: sign up with it first, then run this again.`,
      );
  }
}

/** The dollar quotes hold any address. */
function statement(email: string): string {
  if (email.includes("$busymate$")) throw new Complaint(`${email} is not an e-mail address.`);
  return `
    with account as (
      select p.id, p.role from public.profiles p where lower(p.email) = lower($busymate$${email}$busymate$)
    ), made as (
      update public.profiles p set role = 'admin' from account a
      where p.id = a.id and not exists (select from public.profiles o where o.role = 'admin')
      returning p.id
    )
    select case
      when not exists (select from account) then 'missing'
      when exists (select from made) then 'made'
      when (select a.role from account a) = 'admin' then 'is'
      else 'other' end as outcome`;
}
