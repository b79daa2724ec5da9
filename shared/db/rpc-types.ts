/** The database functions that edge functions call, typed until they are generated from the schema. */

type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

type Rpc<Args extends Record<string, unknown>> = { Args: Args; Returns: Json };

type Schema<Functions> = {
  Tables: Record<never, never>;
  Views: Record<never, never>;
  Functions: Functions;
};

export type RpcDatabase = {
  public: Schema<{
    ingest_entries: Rpc<{ entries: Json }>;
  }>;
  internal: Schema<{
    admit: Rpc<{
      credential: Json;
      bucket: string;
      bucket_key: string;
      capacity: number;
      per_seconds: number;
      cost?: number;
    }>;
    issue_first_party_token: Rpc<{ user_id: string; auth_session_id: string }>;
    create_pairing_code: Rpc<{ user_id: string; workspace_id: string | null; code_hash: string }>;
    redeem_pairing_code: Rpc<{ code_hash: string; device: Json }>;
    renew_device_credential: Rpc<{ credential_id: string }>;
    unpair_device: Rpc<{ user_id: string; device_uuid: string }>;
  }>;
};
