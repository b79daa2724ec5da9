import { decide } from "../../support/oauth.ts";
import { answer, type Person } from "../../support/world.ts";

/** What a person does in their browser: opens the address, decides, and goes where they are sent. */
export async function visit(
  address: string | URL,
  person: Pick<Person, "sessionToken">,
  decision: { approve?: boolean; scopes?: string[] } = {},
): Promise<Response> {
  const opened = await fetch(address, { redirect: "manual" });
  const location = new URL(opened.headers.get("location")!);
  const rid = location.searchParams.get("rid");
  // A request that nobody is asked about goes straight back.
  if (rid === null) return await fetch(location);
  const { redirect } = await answer<{ redirect: string }>(await decide(person, rid, decision));
  return await fetch(redirect);
}
