import type { Call } from "../operations/call.ts";
import { rowsOf } from "../operations/failure.ts";
import type { Specialist } from "./specialist.ts";

interface PrimaryAgent {
  group_id: string;
  service_groups: { name: string } | null;
  busybro_agents: {
    id: string;
    name: string;
    emoji: string;
    instructions: string;
    enabled: boolean;
  } | null;
}

const HOST = /\b(?:[a-z0-9-]+\.)+[a-z]{2,}\b/gi;
const AGENTS_LIMIT = 100;

/**
 * The primary agent of the service group that a question is about: it names the group, or a host of
 * one of its services. The agents are those the caller may see.
 */
export async function serviceAgentFor(
  { db, signal }: Call,
  question: string,
): Promise<Specialist | undefined> {
  const links = (rowsOf(
    await db.from("service_group_agents")
      .select("group_id,service_groups(name),busybro_agents(id,name,emoji,instructions,enabled)")
      .eq("is_primary", true).order("group_id").limit(AGENTS_LIMIT).abortSignal(signal),
  ) ?? []) as PrimaryAgent[];
  const usable = links.filter((link) => link.busybro_agents?.enabled);
  if (usable.length === 0) return undefined;
  const asked = question.toLowerCase();
  const named = usable.find(({ service_groups }) =>
    service_groups !== null && mentions(asked, service_groups.name.toLowerCase())
  );
  if (named) return specialistOf(named);
  const hosts = asked.match(HOST) ?? [];
  if (hosts.length === 0) return undefined;
  const domains = rowsOf(
    await db.rpc("expand_service_groups", { group_ids: usable.map((link) => link.group_id) })
      .abortSignal(signal),
  ) ?? [];
  const covering = domains.find(({ domain }) => hosts.some((host) => covers(domain, host)));
  const link = usable.find(({ group_id }) => group_id === covering?.group_id);
  return link && specialistOf(link);
}

function specialistOf({ busybro_agents: agent }: PrimaryAgent): Specialist {
  const { id, name, emoji, instructions } = agent!;
  return { key: `agent:${id}`, label: name, emoji, lens: instructions, fromAgent: true };
}

/** As words of its own: a group called "api" is not what "rapid" is about. */
function mentions(text: string, name: string): boolean {
  const at = text.indexOf(name);
  const letter = (index: number) => /[\p{L}\p{N}]/u.test(text.charAt(index));
  return name.length > 1 && at >= 0 && !letter(at - 1) && !letter(at + name.length);
}

function covers(domain: string, host: string): boolean {
  return domain.startsWith("*.") ? host.endsWith(domain.slice(1)) : host === domain;
}
