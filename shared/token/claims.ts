import { z } from "zod";

/** The database role of people, and the audience PostgREST and Realtime stand under. */
export const PERSON_ROLE = "authenticated";
/** The database role of device credentials. */
export const DEVICE_ROLE = "device";

const time = z.int().nonnegative();
// guid, not uuid: Postgres takes any 128 bits, and devices make their own.
const id = z.guid();

/** The surfaces that act for a person, as the audit tells them apart. */
export const ACTING_SURFACES = ["mcp", "busybro", "telegram"] as const;
export type ActingSurface = (typeof ACTING_SURFACES)[number];

/** A person's access token. `sub` is the user, `session_id` the grant (never an Auth session). */
export const personClaims = z.object({
  iss: z.string(),
  sub: id,
  aud: z.array(z.string()).refine((aud) => aud.includes(PERSON_ROLE)),
  role: z.literal(PERSON_ROLE),
  user_role: z.string(),
  client_id: z.string(),
  scope: z.string(),
  jti: id,
  session_id: id,
  iat: time,
  exp: time,
  /** Who acts for the person, when it is not the person. The audit log names it. */
  act: z.enum(ACTING_SURFACES).optional(),
}).refine((claims) => claims.aud.includes(claims.iss));

/** A device's credential. `sub` is the credential's own row, never the device's or a person's uuid. */
export const deviceClaims = z.object({
  iss: z.string(),
  sub: id,
  aud: z.array(z.string()).refine((aud) => aud.includes(DEVICE_ROLE)),
  role: z.literal(DEVICE_ROLE),
  app_metadata: z.object({ device_uuid: id }),
  iat: time,
  exp: time,
});

/** What Supabase Auth puts into a session's token, as far as the exchange needs it. */
export const sessionClaims = z.object({
  iss: z.string(),
  sub: id,
  aud: z.union([z.literal(PERSON_ROLE), z.tuple([z.literal(PERSON_ROLE)])]),
  role: z.literal(PERSON_ROLE),
  session_id: id,
  is_anonymous: z.literal(false).optional(),
});

export type PersonClaims = z.infer<typeof personClaims>;
export type DeviceClaims = z.infer<typeof deviceClaims>;
export type SessionClaims = z.infer<typeof sessionClaims>;

export type Scope = "mcp:read" | "mcp:write" | "admin" | "secrets";

/** `mcp` is both read and write; every other scope stands for itself. */
export function hasScope(claims: PersonClaims, wanted: Scope): boolean {
  const granted = claims.scope.split(" ");
  return granted.includes(wanted) || (wanted.startsWith("mcp:") && granted.includes("mcp"));
}
