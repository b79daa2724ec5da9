import { PostgrestClient } from "@supabase/postgrest-js";
import { z } from "zod";
import { dataOf } from "./answer.ts";
import type { Database, Json } from "./database.types.ts";
import type { Sample } from "../metrics/histogram.ts";
import { oauthStore } from "./oauth.ts";
import type { OAuthStore } from "./oauth.ts";
import { proposalStore } from "./proposals.ts";
import type { ProposalStore } from "./proposals.ts";
import { id, timestamp } from "./shapes.ts";
import { withTimeout } from "./signal.ts";
import { telegramStore } from "./telegram.ts";
import type { TelegramStore } from "./telegram.ts";

const admission = z.object({
  allowed: z.boolean(),
  limit: z.int(),
  remaining: z.int(),
  reset_seconds: z.int(),
});
const liveAdmission = z.discriminatedUnion("live", [
  admission.extend({ live: z.literal(true) }),
  z.object({ live: z.literal(false) }),
]);
const admissionWithRights = z.discriminatedUnion("live", [
  admission.extend({ live: z.literal(true), rights: z.unknown() }),
  z.object({ live: z.literal(false) }),
]);
const firstPartyToken = z.object({
  jti: id,
  grant_id: id,
  user_role: z.string(),
  scope: z.string(),
  expires_at: timestamp,
});
const pairingCode = z.object({ expires_at: timestamp, workspace_id: id });
const deviceCredential = z.object({ device_uuid: id, credential_id: id, expires_at: timestamp });
const deviceRenewal = z.discriminatedUnion("renewed", [
  deviceCredential.extend({ renewed: z.literal(true) }),
  deviceCredential.extend({ renewed: z.literal(false), renewable_at: timestamp }),
]);
const nothing = z.null();
const publicStatus = z.object({
  components: z.array(
    z.object({ key: z.string(), label: z.string(), core: z.boolean(), up: z.boolean() }),
  ),
  updated_at: z.iso.datetime({ offset: true }),
  age_seconds: z.int(),
  stale: z.boolean(),
});

/** The caller's bucket after this request was charged to it. */
export type Admission = z.infer<typeof admission>;
/** The same for a credential, if it is live; a dead one is charged nothing. */
export type LiveAdmission = z.infer<typeof liveAdmission>;
/** And with it what the caller may do, as `private.my_rights` tells it. */
export type AdmissionWithRights = z.infer<typeof admissionWithRights>;
export type FirstPartyToken = z.infer<typeof firstPartyToken>;
export type PairingCode = z.infer<typeof pairingCode>;
export type IssuedCredential = z.infer<typeof deviceCredential>;
export type DeviceRenewal = z.infer<typeof deviceRenewal>;
export type PublicStatusRow = z.infer<typeof publicStatus>;

/** What of a verified token the database looks up. */
export type LivenessClaim =
  | { kind: "person"; jti: string; sub: string }
  | { kind: "device"; id: string; device_uuid: string };

export type Bucket = Omit<Args<"admit">, "credential">;

type Functions = Database["internal"]["Functions"];
type Args<F extends keyof Functions> = Functions[F]["Args"];
/** The generated types do not know that an argument may be null; no workspace is the personal one. */
type PairingCodeArgs = Omit<Args<"create_pairing_code">, "workspace_id"> & {
  workspace_id: string | null;
};

/** Schema `internal`, callable with the secret key alone: what the functions do in their own name. */
export interface Service {
  admit(credential: LivenessClaim, bucket: Bucket, signal: AbortSignal): Promise<LiveAdmission>;
  /** The same in one round trip with the rights of the one who is admitted. */
  admitWithRights(
    credential: LivenessClaim,
    bucket: Bucket,
    signal: AbortSignal,
  ): Promise<AdmissionWithRights>;
  /** For what takes no credential: `bucket_key` alone is charged. */
  admitAnyone(bucket: Bucket, signal: AbortSignal): Promise<Admission>;
  issueFirstPartyToken(
    args: Args<"issue_first_party_token">,
    signal: AbortSignal,
  ): Promise<FirstPartyToken>;
  createPairingCode(args: PairingCodeArgs, signal: AbortSignal): Promise<PairingCode>;
  redeemPairingCode(
    args: Args<"redeem_pairing_code">,
    signal: AbortSignal,
  ): Promise<IssuedCredential>;
  renewDeviceCredential(
    args: Args<"renew_device_credential">,
    signal: AbortSignal,
  ): Promise<DeviceRenewal>;
  /** False when there is no such device, or not for this person. */
  unpairDevice(args: Args<"unpair_device">, signal: AbortSignal): Promise<boolean>;
  /** Which components are up, how old that is, and nothing of the host. */
  publicStatus(signal: AbortSignal): Promise<PublicStatusRow>;
  /** Adds up how requests were answered. */
  recordRequests(samples: readonly Sample[], signal: AbortSignal): Promise<void>;
  readonly oauth: OAuthStore;
  readonly proposals: ProposalStore;
  readonly telegram: TelegramStore;
}

export interface ServiceOptions {
  url: string;
  secretKey: string;
  fetch: typeof fetch;
}

const TIMEOUT_MS = 5_000;

/** The only user of the secret key. It goes into `apikey`, never into Authorization: it is not a JWT. */
export function createService({ url, secretKey, fetch }: ServiceOptions): Service {
  const client = new PostgrestClient<Database, Record<never, never>, "internal">(
    `${url}/rest/v1`,
    { headers: { apikey: secretKey }, schema: "internal", fetch },
  );

  async function call<F extends keyof Functions & string, T>(
    name: F,
    args: Args<F>,
    shape: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<T> {
    return dataOf(
      await client.rpc(name, args).abortSignal(withTimeout(signal, TIMEOUT_MS)),
      shape,
      signal,
    );
  }

  return {
    admit: (credential, bucket, signal) =>
      call("admit", { credential, ...bucket }, liveAdmission, signal),
    admitWithRights: (credential, bucket, signal) =>
      call("admit_with_rights", { credential, ...bucket }, admissionWithRights, signal),
    admitAnyone: (bucket, signal) =>
      call("admit", { credential: { kind: "none" }, ...bucket }, admission, signal),
    issueFirstPartyToken: (args, signal) =>
      call("issue_first_party_token", args, firstPartyToken, signal),
    createPairingCode: (args, signal) =>
      call("create_pairing_code", args as Args<"create_pairing_code">, pairingCode, signal),
    redeemPairingCode: (args, signal) =>
      call("redeem_pairing_code", args, deviceCredential, signal),
    renewDeviceCredential: (args, signal) =>
      call("renew_device_credential", args, deviceRenewal, signal),
    unpairDevice: (args, signal) => call("unpair_device", args, z.boolean(), signal),
    publicStatus: (signal) => call("public_status", {}, publicStatus, signal),
    async recordRequests(samples, signal) {
      await call("record_requests", { samples: [...samples] as unknown as Json }, nothing, signal);
    },
    // The generated types do not know that an argument may be null.
    oauth: oauthStore((name, args, shape, signal) =>
      call(name, args as Args<typeof name>, shape, signal)
    ),
    proposals: proposalStore((name, args, shape, signal) =>
      call(name, args as Args<typeof name>, shape, signal)
    ),
    telegram: telegramStore((name, args, shape, signal) =>
      call(name, args as Args<typeof name>, shape, signal)
    ),
  };
}
