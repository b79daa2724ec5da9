// Generated from supabase/migrations by: npm run types

export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]

export type Database = {
  
  "internal": {
          Tables: {
            [_ in never]: never
          }
          Views: {
            [_ in never]: never
          }
          Functions: {
            "admit":
{ Args: { "bucket": string,"bucket_key": string,"capacity": number,"cost"?: number,"credential": Json,"per_seconds": number }; Returns: Json
                           },
"admit_with_rights":
{ Args: { "bucket": string,"bucket_key": string,"capacity": number,"cost"?: number,"credential": Json,"per_seconds": number }; Returns: Json
                           },
"create_pairing_code":
{ Args: { "code_hash": string,"user_id": string,"workspace_id": string }; Returns: Json
                           },
"create_proposal":
{ Args: { "args": Json,"thread_id": string,"tool": string,"user_id": string }; Returns: Json
                           },
"finish_proposal":
{ Args: { "proposal_id": string,"result": Json,"user_id": string }; Returns: undefined
                           },
"issue_first_party_token":
{ Args: { "auth_session_id": string,"user_id": string }; Returns: Json
                           },
"oauth_client":
{ Args: { "client_id": string }; Returns: Json
                           },
"oauth_decide":
{ Args: { "approve": boolean,"auth_session_id": string,"code_hash": string,"rid_hash": string,"scope": string,"user_id": string }; Returns: Json
                           },
"oauth_introspect":
{ Args: { "client_id": string,"jti": string,"refresh_hash": string }; Returns: Json
                           },
"oauth_pending":
{ Args: { "rid_hash": string,"user_id"?: string }; Returns: Json
                           },
"oauth_redeem_code":
{ Args: { "client_id": string,"code_challenge": string,"code_hash": string,"redirect_uri": string,"refresh_hash": string,"resource": string }; Returns: Json
                           },
"oauth_register":
{ Args: { "client": Json,"fingerprint": string,"secret_hash": string }; Returns: Json
                           },
"oauth_revoke":
{ Args: { "client_id": string,"jti": string,"refresh_hash": string }; Returns: Json
                           },
"oauth_rotate_refresh":
{ Args: { "client_id": string,"new_refresh_hash": string,"refresh_hash": string,"scope": string }; Returns: Json
                           },
"oauth_save_document":
{ Args: { "client_id": string,"fresh_seconds": number,"metadata": Json }; Returns: undefined
                           },
"oauth_service_token":
{ Args: { "client_id": string,"scope": string }; Returns: Json
                           },
"oauth_start":
{ Args: { "request": Json,"rid_hash": string }; Returns: string
                           },
"public_status":
{ Args: Record<PropertyKey, never>; Returns: Json
                           },
"record_requests":
{ Args: { "samples": Json }; Returns: undefined
                           },
"redeem_pairing_code":
{ Args: { "code_hash": string,"device": Json }; Returns: Json
                           },
"renew_device_credential":
{ Args: { "credential_id": string }; Returns: Json
                           },
"take_proposal":
{ Args: { "args": Json,"idempotency_key": string,"proposal_id": string,"user_id": string }; Returns: Json
                           },
"telegram_begin":
{ Args: { "attempt": string,"chat_id": number,"function_url": string,"update_id": number }; Returns: Json
                           },
"telegram_claim":
{ Args: { "batch": number,"ticket_hash": string }; Returns: Json
                           },
"telegram_issue_code":
{ Args: { "code_hash": string,"telegram": Json }; Returns: Json
                           },
"telegram_redaction":
{ Args: Record<PropertyKey, never>; Returns: Json
                           },
"telegram_settle":
{ Args: { "error"?: string,"id": number,"outcome": string,"retry_seconds"?: number }; Returns: undefined
                           },
"telegram_turn":
{ Args: { "telegram_user_id": number }; Returns: Json
                           },
"unpair_device":
{ Args: { "device_uuid": string,"user_id": string }; Returns: boolean
                           }
          }
          Enums: {
            [_ in never]: never
          }
          CompositeTypes: {
            [_ in never]: never
          }
        },"public": {
          Tables: {
            "alert_rules": {
                  Row: {
                    "created_at": string,"enabled": boolean,"id": string,"kind": string,"threshold": number | null,"updated_at": string,"user_id": string,"workspace_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"enabled"?: boolean,"id"?: string,"kind": string,"threshold"?: number | null,"updated_at"?: string,"user_id"?: string,"workspace_id": string
                  }
                  Update: {
                    "created_at"?: string,"enabled"?: boolean,"id"?: string,"kind"?: string,"threshold"?: number | null,"updated_at"?: string,"user_id"?: string,"workspace_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "alert_rules_user_id_fkey"
      columns: ["user_id"]
isOneToOne: false
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "alert_rules_workspace_id_fkey"
      columns: ["workspace_id"]
isOneToOne: false
      referencedRelation: "workspaces"
      referencedColumns: ["id"]
    }
                  ]
                },"api_tokens": {
                  Row: {
                    "client_id": string,"created_at": string,"expires_at": string,"grant_id": string,"jti": string,"label": string,"revoked_at": string | null,"scope": string,"service_account_id": string | null,"user_id": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "client_id": string,"created_at"?: string,"expires_at": string,"grant_id": string,"jti"?: string,"label": string,"revoked_at"?: string | null,"scope": string,"service_account_id"?: string | null,"user_id"?: string | null
                  }
                  Update: {
                    "client_id"?: string,"created_at"?: string,"expires_at"?: string,"grant_id"?: string,"jti"?: string,"label"?: string,"revoked_at"?: string | null,"scope"?: string,"service_account_id"?: string | null,"user_id"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "api_tokens_service_account_id_fkey"
      columns: ["service_account_id"]
isOneToOne: false
      referencedRelation: "service_accounts"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "api_tokens_user_id_fkey"
      columns: ["user_id"]
isOneToOne: false
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    }
                  ]
                },"app_builds": {
                  Row: {
                    "build": number,"created_at": string,"id": string,"notes": string,"platform": string,"version": string
                  }
                  ComputedFields: never
                  Insert: {
                    "build": number,"created_at"?: string,"id"?: string,"notes"?: string,"platform": string,"version": string
                  }
                  Update: {
                    "build"?: number,"created_at"?: string,"id"?: string,"notes"?: string,"platform"?: string,"version"?: string
                  }
                  Relationships: [
                    
                  ]
                },"audit_log": {
                  Row: {
                    "action": string,"actor_id": string | null,"actor_type": string,"after": Json | null,"at": string,"before": Json | null,"client_id": string | null,"id": number,"target": string,"workspace_id": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "action": string,"actor_id"?: string | null,"actor_type": string,"after"?: Json | null,"at"?: string,"before"?: Json | null,"client_id"?: string | null,"id"?: never,"target": string,"workspace_id"?: string | null
                  }
                  Update: {
                    "action"?: string,"actor_id"?: string | null,"actor_type"?: string,"after"?: Json | null,"at"?: string,"before"?: Json | null,"client_id"?: string | null,"id"?: never,"target"?: string,"workspace_id"?: string | null
                  }
                  Relationships: [
                    
                  ]
                },"breakpoint_events": {
                  Row: {
                    "decided_by": string | null,"decision": string | null,"device_uuid": string,"edited_encoding": string | null,"edited_raw": string | null,"encoding": string | null,"expires_at": string,"held_at": string,"id": string,"method": string | null,"phase": string,"raw": string,"request_id": string,"resumed_at": string | null,"url": string | null,"workspace_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "decided_by"?: string | null,"decision"?: string | null,"device_uuid": string,"edited_encoding"?: string | null,"edited_raw"?: string | null,"encoding"?: string | null,"expires_at"?: string,"held_at"?: string,"id"?: string,"method"?: string | null,"phase": string,"raw": string,"request_id": string,"resumed_at"?: string | null,"url"?: string | null,"workspace_id": string
                  }
                  Update: {
                    "decided_by"?: string | null,"decision"?: string | null,"device_uuid"?: string,"edited_encoding"?: string | null,"edited_raw"?: string | null,"encoding"?: string | null,"expires_at"?: string,"held_at"?: string,"id"?: string,"method"?: string | null,"phase"?: string,"raw"?: string,"request_id"?: string,"resumed_at"?: string | null,"url"?: string | null,"workspace_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "breakpoint_events_decided_by_fkey"
      columns: ["decided_by"]
isOneToOne: false
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "breakpoint_events_device_uuid_fkey"
      columns: ["device_uuid"]
isOneToOne: false
      referencedRelation: "devices"
      referencedColumns: ["uuid"]
    },{
      foreignKeyName: "breakpoint_events_workspace_id_fkey"
      columns: ["workspace_id"]
isOneToOne: false
      referencedRelation: "workspaces"
      referencedColumns: ["id"]
    }
                  ]
                },"busybro_agents": {
                  Row: {
                    "created_at": string,"emoji": string,"enabled": boolean,"id": string,"instructions": string,"name": string,"updated_at": string,"workspace_id": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"emoji"?: string,"enabled"?: boolean,"id"?: string,"instructions"?: string,"name": string,"updated_at"?: string,"workspace_id"?: string | null
                  }
                  Update: {
                    "created_at"?: string,"emoji"?: string,"enabled"?: boolean,"id"?: string,"instructions"?: string,"name"?: string,"updated_at"?: string,"workspace_id"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "busybro_agents_workspace_id_fkey"
      columns: ["workspace_id"]
isOneToOne: false
      referencedRelation: "workspaces"
      referencedColumns: ["id"]
    }
                  ]
                },"busybro_messages": {
                  Row: {
                    "created_at": string,"id": number,"role": string,"specialist": string | null,"text": string,"thread_id": string,"tools": NonNullable<Json>,"user_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"id"?: never,"role": string,"specialist"?: string | null,"text": string,"thread_id": string,"tools"?: NonNullable<Json>,"user_id"?: string
                  }
                  Update: {
                    "created_at"?: string,"id"?: never,"role"?: string,"specialist"?: string | null,"text"?: string,"thread_id"?: string,"tools"?: NonNullable<Json>,"user_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "busybro_messages_thread_id_fkey"
      columns: ["thread_id"]
isOneToOne: false
      referencedRelation: "busybro_threads"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "busybro_messages_user_id_fkey"
      columns: ["user_id"]
isOneToOne: false
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    }
                  ]
                },"busybro_threads": {
                  Row: {
                    "created_at": string,"id": string,"surface": string,"tainted": boolean,"title": string,"updated_at": string,"user_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"id"?: string,"surface"?: string,"tainted"?: boolean,"title"?: string,"updated_at"?: string,"user_id"?: string
                  }
                  Update: {
                    "created_at"?: string,"id"?: string,"surface"?: string,"tainted"?: boolean,"title"?: string,"updated_at"?: string,"user_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "busybro_threads_user_id_fkey"
      columns: ["user_id"]
isOneToOne: false
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    }
                  ]
                },"device_commands": {
                  Row: {
                    "args": NonNullable<Json>,"created_at": string,"created_by": string | null,"device_uuid": string,"expires_at": string,"finished_at": string | null,"id": string,"idempotency_key": string | null,"name": string,"result": Json | null,"status": string,"workspace_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "args"?: NonNullable<Json>,"created_at"?: string,"created_by"?: string | null,"device_uuid": string,"expires_at"?: string,"finished_at"?: string | null,"id"?: string,"idempotency_key"?: string | null,"name": string,"result"?: Json | null,"status"?: string,"workspace_id": string
                  }
                  Update: {
                    "args"?: NonNullable<Json>,"created_at"?: string,"created_by"?: string | null,"device_uuid"?: string,"expires_at"?: string,"finished_at"?: string | null,"id"?: string,"idempotency_key"?: string | null,"name"?: string,"result"?: Json | null,"status"?: string,"workspace_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "device_commands_created_by_fkey"
      columns: ["created_by"]
isOneToOne: false
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "device_commands_device_uuid_fkey"
      columns: ["device_uuid"]
isOneToOne: false
      referencedRelation: "devices"
      referencedColumns: ["uuid"]
    },{
      foreignKeyName: "device_commands_workspace_id_fkey"
      columns: ["workspace_id"]
isOneToOne: false
      referencedRelation: "workspaces"
      referencedColumns: ["id"]
    }
                  ]
                },"device_jwts": {
                  Row: {
                    "created_at": string,"device_uuid": string,"device_uuids": (string)[],"expires_at": string,"id": string,"issued_by": string | null,"renewed_at": string,"revoked_at": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"device_uuid": string,"device_uuids": (string)[],"expires_at": string,"id"?: string,"issued_by"?: string | null,"renewed_at"?: string,"revoked_at"?: string | null
                  }
                  Update: {
                    "created_at"?: string,"device_uuid"?: string,"device_uuids"?: (string)[],"expires_at"?: string,"id"?: string,"issued_by"?: string | null,"renewed_at"?: string,"revoked_at"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "device_jwts_device_uuid_fkey"
      columns: ["device_uuid"]
isOneToOne: false
      referencedRelation: "devices"
      referencedColumns: ["uuid"]
    },{
      foreignKeyName: "device_jwts_issued_by_fkey"
      columns: ["issued_by"]
isOneToOne: false
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    }
                  ]
                },"device_live_activity_message": {
                  Row: {
                    "device_uuid": string,"message": string,"updated_at": string,"updated_by": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "device_uuid": string,"message": string,"updated_at"?: string,"updated_by"?: string | null
                  }
                  Update: {
                    "device_uuid"?: string,"message"?: string,"updated_at"?: string,"updated_by"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "device_live_activity_message_device_uuid_fkey"
      columns: ["device_uuid"]
isOneToOne: true
      referencedRelation: "devices"
      referencedColumns: ["uuid"]
    },{
      foreignKeyName: "device_live_activity_message_updated_by_fkey"
      columns: ["updated_by"]
isOneToOne: false
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    }
                  ]
                },"device_status": {
                  Row: {
                    "device_uuid": string,"ip_country": string | null,"last_heartbeat_at": string,"online": boolean,"updated_at": string,"vpn_state": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "device_uuid": string,"ip_country"?: string | null,"last_heartbeat_at"?: string,"online"?: boolean,"updated_at"?: string,"vpn_state"?: string | null
                  }
                  Update: {
                    "device_uuid"?: string,"ip_country"?: string | null,"last_heartbeat_at"?: string,"online"?: boolean,"updated_at"?: string,"vpn_state"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "device_status_device_uuid_fkey"
      columns: ["device_uuid"]
isOneToOne: true
      referencedRelation: "devices"
      referencedColumns: ["uuid"]
    }
                  ]
                },"device_tags": {
                  Row: {
                    "created_at": string,"device_uuid": string,"tag_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"device_uuid": string,"tag_id": string
                  }
                  Update: {
                    "created_at"?: string,"device_uuid"?: string,"tag_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "device_tags_device_uuid_fkey"
      columns: ["device_uuid"]
isOneToOne: false
      referencedRelation: "devices"
      referencedColumns: ["uuid"]
    },{
      foreignKeyName: "device_tags_tag_id_fkey"
      columns: ["tag_id"]
isOneToOne: false
      referencedRelation: "tags"
      referencedColumns: ["id"]
    }
                  ]
                },"devices": {
                  Row: {
                    "app_version": string | null,"connection_type": string | null,"country": string | null,"created_at": string,"last_seen_at": string | null,"model": string | null,"name": string,"os": string | null,"owner_user_id": string | null,"pac_port": number | null,"updated_at": string,"uuid": string,"workspace_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "app_version"?: string | null,"connection_type"?: string | null,"country"?: string | null,"created_at"?: string,"last_seen_at"?: string | null,"model"?: string | null,"name": string,"os"?: string | null,"owner_user_id"?: string | null,"pac_port"?: number | null,"updated_at"?: string,"uuid": string,"workspace_id": string
                  }
                  Update: {
                    "app_version"?: string | null,"connection_type"?: string | null,"country"?: string | null,"created_at"?: string,"last_seen_at"?: string | null,"model"?: string | null,"name"?: string,"os"?: string | null,"owner_user_id"?: string | null,"pac_port"?: number | null,"updated_at"?: string,"uuid"?: string,"workspace_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "devices_workspace_id_fkey"
      columns: ["workspace_id"]
isOneToOne: false
      referencedRelation: "workspaces"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "devices_workspace_id_owner_user_id_fkey"
      columns: ["workspace_id","owner_user_id"]
isOneToOne: false
      referencedRelation: "workspace_members"
      referencedColumns: ["workspace_id","user_id"]
    }
                  ]
                },"entries": {
                  Row: {
                    "content_type": string | null,"device_country": string | null,"device_uuid": string,"duration_ms": number | null,"error": string | null,"host": string | null,"id": string,"is_secure": boolean | null,"kind": string,"method": string | null,"os": string | null,"path": string | null,"payload": Json | null,"received_at": string,"request_id": string,"request_size": number | null,"resent_from": string | null,"response_size": number | null,"source": string,"status": number | null,"ts": string,"url": string | null,"workspace_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "content_type"?: string | null,"device_country"?: string | null,"device_uuid": string,"duration_ms"?: number | null,"error"?: string | null,"host"?: string | null,"id": string,"is_secure"?: boolean | null,"kind"?: string,"method"?: string | null,"os"?: string | null,"path"?: string | null,"payload"?: Json | null,"received_at"?: string,"request_id": string,"request_size"?: number | null,"resent_from"?: string | null,"response_size"?: number | null,"source": string,"status"?: number | null,"ts": string,"url"?: string | null,"workspace_id": string
                  }
                  Update: {
                    "content_type"?: string | null,"device_country"?: string | null,"device_uuid"?: string,"duration_ms"?: number | null,"error"?: string | null,"host"?: string | null,"id"?: string,"is_secure"?: boolean | null,"kind"?: string,"method"?: string | null,"os"?: string | null,"path"?: string | null,"payload"?: Json | null,"received_at"?: string,"request_id"?: string,"request_size"?: number | null,"resent_from"?: string | null,"response_size"?: number | null,"source"?: string,"status"?: number | null,"ts"?: string,"url"?: string | null,"workspace_id"?: string
                  }
                  Relationships: [
                    
                  ]
                },"entry_tags": {
                  Row: {
                    "created_at": string,"entry_id": string,"tag_id": string,"workspace_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"entry_id": string,"tag_id": string,"workspace_id": string
                  }
                  Update: {
                    "created_at"?: string,"entry_id"?: string,"tag_id"?: string,"workspace_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "entry_tags_tag_id_fkey"
      columns: ["tag_id"]
isOneToOne: false
      referencedRelation: "tags"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "entry_tags_workspace_id_fkey"
      columns: ["workspace_id"]
isOneToOne: false
      referencedRelation: "workspaces"
      referencedColumns: ["id"]
    }
                  ]
                },"jobs": {
                  Row: {
                    "arguments": NonNullable<Json>,"created_at": string,"error": string | null,"expires_at": string,"id": string,"kind": string,"progress": number,"result": Json | null,"status": string,"updated_at": string,"user_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "arguments"?: NonNullable<Json>,"created_at"?: string,"error"?: string | null,"expires_at"?: string,"id"?: string,"kind": string,"progress"?: number,"result"?: Json | null,"status"?: string,"updated_at"?: string,"user_id"?: string
                  }
                  Update: {
                    "arguments"?: NonNullable<Json>,"created_at"?: string,"error"?: string | null,"expires_at"?: string,"id"?: string,"kind"?: string,"progress"?: number,"result"?: Json | null,"status"?: string,"updated_at"?: string,"user_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "jobs_user_id_fkey"
      columns: ["user_id"]
isOneToOne: false
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    }
                  ]
                },"profiles": {
                  Row: {
                    "created_at": string,"display_name": string,"email": string | null,"id": string,"role": string,"updated_at": string
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"display_name"?: string,"email"?: string | null,"id": string,"role"?: string,"updated_at"?: string
                  }
                  Update: {
                    "created_at"?: string,"display_name"?: string,"email"?: string | null,"id"?: string,"role"?: string,"updated_at"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "profiles_role_fkey"
      columns: ["role"]
isOneToOne: false
      referencedRelation: "roles"
      referencedColumns: ["name"]
    }
                  ]
                },"redaction_policies": {
                  Row: {
                    "destination": string,"enabled": boolean,"extra_names": (string)[],"extra_patterns": (string)[],"mode": string,"updated_at": string
                  }
                  ComputedFields: never
                  Insert: {
                    "destination": string,"enabled"?: boolean,"extra_names"?: (string)[],"extra_patterns"?: (string)[],"mode"?: string,"updated_at"?: string
                  }
                  Update: {
                    "destination"?: string,"enabled"?: boolean,"extra_names"?: (string)[],"extra_patterns"?: (string)[],"mode"?: string,"updated_at"?: string
                  }
                  Relationships: [
                    
                  ]
                },"role_capabilities": {
                  Row: {
                    "action": string,"role": string,"section": string
                  }
                  ComputedFields: never
                  Insert: {
                    "action": string,"role": string,"section": string
                  }
                  Update: {
                    "action"?: string,"role"?: string,"section"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "role_capabilities_role_fkey"
      columns: ["role"]
isOneToOne: false
      referencedRelation: "roles"
      referencedColumns: ["name"]
    }
                  ]
                },"roles": {
                  Row: {
                    "built_in": boolean,"created_at": string,"description": string,"name": string
                  }
                  ComputedFields: never
                  Insert: {
                    "built_in"?: boolean,"created_at"?: string,"description"?: string,"name": string
                  }
                  Update: {
                    "built_in"?: boolean,"created_at"?: string,"description"?: string,"name"?: string
                  }
                  Relationships: [
                    
                  ]
                },"saved_filters": {
                  Row: {
                    "created_at": string,"filter": NonNullable<Json>,"id": string,"name": string,"text": string,"updated_at": string,"user_id": string | null,"workspace_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"filter": NonNullable<Json>,"id"?: string,"name": string,"text"?: string,"updated_at"?: string,"user_id"?: string | null,"workspace_id": string
                  }
                  Update: {
                    "created_at"?: string,"filter"?: NonNullable<Json>,"id"?: string,"name"?: string,"text"?: string,"updated_at"?: string,"user_id"?: string | null,"workspace_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "saved_filters_user_id_fkey"
      columns: ["user_id"]
isOneToOne: false
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "saved_filters_workspace_id_fkey"
      columns: ["workspace_id"]
isOneToOne: false
      referencedRelation: "workspaces"
      referencedColumns: ["id"]
    }
                  ]
                },"scripts": {
                  Row: {
                    "created_at": string,"description": string,"enabled": boolean,"id": string,"name": string,"phase": string,"position": number,"source": string,"updated_at": string,"url_pattern": string,"workspace_id": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"description"?: string,"enabled"?: boolean,"id"?: string,"name": string,"phase"?: string,"position"?: number,"source": string,"updated_at"?: string,"url_pattern"?: string,"workspace_id"?: string | null
                  }
                  Update: {
                    "created_at"?: string,"description"?: string,"enabled"?: boolean,"id"?: string,"name"?: string,"phase"?: string,"position"?: number,"source"?: string,"updated_at"?: string,"url_pattern"?: string,"workspace_id"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "scripts_workspace_id_fkey"
      columns: ["workspace_id"]
isOneToOne: false
      referencedRelation: "workspaces"
      referencedColumns: ["id"]
    }
                  ]
                },"service_accounts": {
                  Row: {
                    "created_at": string,"created_by": string | null,"disabled_at": string | null,"id": string,"name": string,"role": string
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"created_by"?: string | null,"disabled_at"?: string | null,"id"?: string,"name": string,"role": string
                  }
                  Update: {
                    "created_at"?: string,"created_by"?: string | null,"disabled_at"?: string | null,"id"?: string,"name"?: string,"role"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "service_accounts_created_by_fkey"
      columns: ["created_by"]
isOneToOne: false
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "service_accounts_role_fkey"
      columns: ["role"]
isOneToOne: false
      referencedRelation: "roles"
      referencedColumns: ["name"]
    }
                  ]
                },"service_domains": {
                  Row: {
                    "created_at": string,"domain": string,"service_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"domain": string,"service_id": string
                  }
                  Update: {
                    "created_at"?: string,"domain"?: string,"service_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "service_domains_service_id_fkey"
      columns: ["service_id"]
isOneToOne: false
      referencedRelation: "services"
      referencedColumns: ["id"]
    }
                  ]
                },"service_group_agents": {
                  Row: {
                    "agent_id": string,"created_at": string,"group_id": string,"is_primary": boolean
                  }
                  ComputedFields: never
                  Insert: {
                    "agent_id": string,"created_at"?: string,"group_id": string,"is_primary"?: boolean
                  }
                  Update: {
                    "agent_id"?: string,"created_at"?: string,"group_id"?: string,"is_primary"?: boolean
                  }
                  Relationships: [
                    {
      foreignKeyName: "service_group_agents_agent_id_fkey"
      columns: ["agent_id"]
isOneToOne: false
      referencedRelation: "busybro_agents"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "service_group_agents_group_id_fkey"
      columns: ["group_id"]
isOneToOne: false
      referencedRelation: "service_groups"
      referencedColumns: ["id"]
    }
                  ]
                },"service_group_includes": {
                  Row: {
                    "created_at": string,"group_id": string,"included_group_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"group_id": string,"included_group_id": string
                  }
                  Update: {
                    "created_at"?: string,"group_id"?: string,"included_group_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "service_group_includes_group_id_fkey"
      columns: ["group_id"]
isOneToOne: false
      referencedRelation: "service_groups"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "service_group_includes_included_group_id_fkey"
      columns: ["included_group_id"]
isOneToOne: false
      referencedRelation: "service_groups"
      referencedColumns: ["id"]
    }
                  ]
                },"service_group_services": {
                  Row: {
                    "created_at": string,"group_id": string,"service_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"group_id": string,"service_id": string
                  }
                  Update: {
                    "created_at"?: string,"group_id"?: string,"service_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "service_group_services_group_id_fkey"
      columns: ["group_id"]
isOneToOne: false
      referencedRelation: "service_groups"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "service_group_services_service_id_fkey"
      columns: ["service_id"]
isOneToOne: false
      referencedRelation: "services"
      referencedColumns: ["id"]
    }
                  ]
                },"service_groups": {
                  Row: {
                    "created_at": string,"description": string,"id": string,"name": string,"updated_at": string,"workspace_id": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"description"?: string,"id"?: string,"name": string,"updated_at"?: string,"workspace_id"?: string | null
                  }
                  Update: {
                    "created_at"?: string,"description"?: string,"id"?: string,"name"?: string,"updated_at"?: string,"workspace_id"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "service_groups_workspace_id_fkey"
      columns: ["workspace_id"]
isOneToOne: false
      referencedRelation: "workspaces"
      referencedColumns: ["id"]
    }
                  ]
                },"service_stats": {
                  Row: {
                    "id": number,"snapshot": NonNullable<Json>,"updated_at": string
                  }
                  ComputedFields: never
                  Insert: {
                    "id"?: number,"snapshot"?: NonNullable<Json>,"updated_at"?: string
                  }
                  Update: {
                    "id"?: number,"snapshot"?: NonNullable<Json>,"updated_at"?: string
                  }
                  Relationships: [
                    
                  ]
                },"service_status": {
                  Row: {
                    "id": number,"snapshot": NonNullable<Json>,"updated_at": string
                  }
                  ComputedFields: never
                  Insert: {
                    "id"?: number,"snapshot"?: NonNullable<Json>,"updated_at"?: string
                  }
                  Update: {
                    "id"?: number,"snapshot"?: NonNullable<Json>,"updated_at"?: string
                  }
                  Relationships: [
                    
                  ]
                },"services": {
                  Row: {
                    "created_at": string,"description": string,"id": string,"name": string,"updated_at": string,"workspace_id": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"description"?: string,"id"?: string,"name": string,"updated_at"?: string,"workspace_id"?: string | null
                  }
                  Update: {
                    "created_at"?: string,"description"?: string,"id"?: string,"name"?: string,"updated_at"?: string,"workspace_id"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "services_workspace_id_fkey"
      columns: ["workspace_id"]
isOneToOne: false
      referencedRelation: "workspaces"
      referencedColumns: ["id"]
    }
                  ]
                },"settings_device": {
                  Row: {
                    "breakpoint_request_patterns": (unknown)[] | null,"breakpoint_response_patterns": (unknown)[] | null,"connection_type": string | null,"device_uuid": string,"dns_servers": (unknown)[] | null,"env": Json | null,"external_proxy": Json | null,"ignore_hosts": (unknown)[] | null,"inspect_all_requests": boolean | null,"mitm_all_hosts": boolean | null,"paused_domains": (unknown)[] | null,"service_group_ids": (string)[] | null,"ssl_proxying_domains": (unknown)[] | null,"updated_at": string,"updated_by": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "breakpoint_request_patterns"?: (unknown)[] | null,"breakpoint_response_patterns"?: (unknown)[] | null,"connection_type"?: string | null,"device_uuid": string,"dns_servers"?: (unknown)[] | null,"env"?: Json | null,"external_proxy"?: Json | null,"ignore_hosts"?: (unknown)[] | null,"inspect_all_requests"?: boolean | null,"mitm_all_hosts"?: boolean | null,"paused_domains"?: (unknown)[] | null,"service_group_ids"?: (string)[] | null,"ssl_proxying_domains"?: (unknown)[] | null,"updated_at"?: string,"updated_by"?: string | null
                  }
                  Update: {
                    "breakpoint_request_patterns"?: (unknown)[] | null,"breakpoint_response_patterns"?: (unknown)[] | null,"connection_type"?: string | null,"device_uuid"?: string,"dns_servers"?: (unknown)[] | null,"env"?: Json | null,"external_proxy"?: Json | null,"ignore_hosts"?: (unknown)[] | null,"inspect_all_requests"?: boolean | null,"mitm_all_hosts"?: boolean | null,"paused_domains"?: (unknown)[] | null,"service_group_ids"?: (string)[] | null,"ssl_proxying_domains"?: (unknown)[] | null,"updated_at"?: string,"updated_by"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "settings_device_device_uuid_fkey"
      columns: ["device_uuid"]
isOneToOne: true
      referencedRelation: "devices"
      referencedColumns: ["uuid"]
    },{
      foreignKeyName: "settings_device_updated_by_fkey"
      columns: ["updated_by"]
isOneToOne: false
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    }
                  ]
                },"settings_global": {
                  Row: {
                    "breakpoint_request_patterns": (unknown)[],"breakpoint_response_patterns": (unknown)[],"connection_type": string,"dns_servers": (unknown)[],"env": NonNullable<Json>,"external_proxy": Json | null,"id": number,"ignore_hosts": (unknown)[],"inspect_all_requests": boolean,"mitm_all_hosts": boolean,"paused_domains": (unknown)[],"service_group_ids": (string)[],"ssl_proxying_domains": (unknown)[],"updated_at": string,"updated_by": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "breakpoint_request_patterns"?: (unknown)[],"breakpoint_response_patterns"?: (unknown)[],"connection_type"?: string,"dns_servers"?: (unknown)[],"env"?: NonNullable<Json>,"external_proxy"?: Json | null,"id"?: number,"ignore_hosts"?: (unknown)[],"inspect_all_requests"?: boolean,"mitm_all_hosts"?: boolean,"paused_domains"?: (unknown)[],"service_group_ids"?: (string)[],"ssl_proxying_domains"?: (unknown)[],"updated_at"?: string,"updated_by"?: string | null
                  }
                  Update: {
                    "breakpoint_request_patterns"?: (unknown)[],"breakpoint_response_patterns"?: (unknown)[],"connection_type"?: string,"dns_servers"?: (unknown)[],"env"?: NonNullable<Json>,"external_proxy"?: Json | null,"id"?: number,"ignore_hosts"?: (unknown)[],"inspect_all_requests"?: boolean,"mitm_all_hosts"?: boolean,"paused_domains"?: (unknown)[],"service_group_ids"?: (string)[],"ssl_proxying_domains"?: (unknown)[],"updated_at"?: string,"updated_by"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "settings_global_updated_by_fkey"
      columns: ["updated_by"]
isOneToOne: false
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    }
                  ]
                },"settings_user": {
                  Row: {
                    "connection_type": string | null,"updated_at": string,"user_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "connection_type"?: string | null,"updated_at"?: string,"user_id": string
                  }
                  Update: {
                    "connection_type"?: string | null,"updated_at"?: string,"user_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "settings_user_user_id_fkey"
      columns: ["user_id"]
isOneToOne: true
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    }
                  ]
                },"tags": {
                  Row: {
                    "color": string | null,"created_at": string,"id": string,"name": string,"workspace_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "color"?: string | null,"created_at"?: string,"id"?: string,"name": string,"workspace_id": string
                  }
                  Update: {
                    "color"?: string | null,"created_at"?: string,"id"?: string,"name"?: string,"workspace_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "tags_workspace_id_fkey"
      columns: ["workspace_id"]
isOneToOne: false
      referencedRelation: "workspaces"
      referencedColumns: ["id"]
    }
                  ]
                },"telegram_links": {
                  Row: {
                    "chat_id": number,"first_name": string | null,"grant_id": string | null,"linked_at": string,"telegram_user_id": number,"user_id": string,"username": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "chat_id": number,"first_name"?: string | null,"grant_id"?: string | null,"linked_at"?: string,"telegram_user_id": number,"user_id": string,"username"?: string | null
                  }
                  Update: {
                    "chat_id"?: number,"first_name"?: string | null,"grant_id"?: string | null,"linked_at"?: string,"telegram_user_id"?: number,"user_id"?: string,"username"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "telegram_links_user_id_fkey"
      columns: ["user_id"]
isOneToOne: true
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    }
                  ]
                },"upstream_proxies": {
                  Row: {
                    "country": string | null,"created_at": string,"enabled": boolean,"host": string,"id": string,"name": string,"password": string | null,"port": number,"protocol": string,"updated_at": string,"username": string | null,"workspace_id": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "country"?: string | null,"created_at"?: string,"enabled"?: boolean,"host": string,"id"?: string,"name": string,"password"?: string | null,"port": number,"protocol"?: string,"updated_at"?: string,"username"?: string | null,"workspace_id"?: string | null
                  }
                  Update: {
                    "country"?: string | null,"created_at"?: string,"enabled"?: boolean,"host"?: string,"id"?: string,"name"?: string,"password"?: string | null,"port"?: number,"protocol"?: string,"updated_at"?: string,"username"?: string | null,"workspace_id"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "upstream_proxies_workspace_id_fkey"
      columns: ["workspace_id"]
isOneToOne: false
      referencedRelation: "workspaces"
      referencedColumns: ["id"]
    }
                  ]
                },"workspace_invitations": {
                  Row: {
                    "accepted_at": string | null,"accepted_by": string | null,"created_at": string,"email": string,"expires_at": string,"id": string,"invited_by": string | null,"workspace_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "accepted_at"?: string | null,"accepted_by"?: string | null,"created_at"?: string,"email": string,"expires_at"?: string,"id"?: string,"invited_by"?: string | null,"workspace_id": string
                  }
                  Update: {
                    "accepted_at"?: string | null,"accepted_by"?: string | null,"created_at"?: string,"email"?: string,"expires_at"?: string,"id"?: string,"invited_by"?: string | null,"workspace_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "workspace_invitations_accepted_by_fkey"
      columns: ["accepted_by"]
isOneToOne: false
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "workspace_invitations_invited_by_fkey"
      columns: ["invited_by"]
isOneToOne: false
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "workspace_invitations_workspace_id_fkey"
      columns: ["workspace_id"]
isOneToOne: false
      referencedRelation: "workspaces"
      referencedColumns: ["id"]
    }
                  ]
                },"workspace_members": {
                  Row: {
                    "created_at": string,"user_id": string,"workspace_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"user_id": string,"workspace_id": string
                  }
                  Update: {
                    "created_at"?: string,"user_id"?: string,"workspace_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "workspace_members_user_id_fkey"
      columns: ["user_id"]
isOneToOne: false
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "workspace_members_workspace_id_fkey"
      columns: ["workspace_id"]
isOneToOne: false
      referencedRelation: "workspaces"
      referencedColumns: ["id"]
    }
                  ]
                },"workspaces": {
                  Row: {
                    "created_at": string,"id": string,"name": string,"owner_user_id": string,"personal": boolean,"retention_days": number,"updated_at": string
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"id"?: string,"name": string,"owner_user_id": string,"personal"?: boolean,"retention_days"?: number,"updated_at"?: string
                  }
                  Update: {
                    "created_at"?: string,"id"?: string,"name"?: string,"owner_user_id"?: string,"personal"?: boolean,"retention_days"?: number,"updated_at"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "workspaces_owner_user_id_fkey"
      columns: ["owner_user_id"]
isOneToOne: false
      referencedRelation: "profiles"
      referencedColumns: ["id"]
    }
                  ]
                }
          }
          Views: {
            [_ in never]: never
          }
          Functions: {
            "accept_invitation":
{ Args: { "code": string }; Returns: Json
                           },
"clear_entries":
{ Args: { "before"?: string,"workspace_id": string }; Returns: Json
                           },
"consume_telegram_link_code":
{ Args: { "code": string,"confirm"?: boolean }; Returns: Json
                           },
"create_service_client":
{ Args: { "service_account_id": string }; Returns: Json
                           },
"delete_account":
{ Args: { "confirm": string }; Returns: boolean
                           },
"device_uuid":
{ Args: Record<PropertyKey, never>; Returns: string
                           },
"effective_settings_for_device":
{ Args: { "device_uuid": string }; Returns: Json
                           },
"entries_changes":
{ Args: { "after"?: string,"page_size"?: number,"workspace_id"?: string }; Returns: Json
                           },
"entries_filtered_count":
{ Args: { "filter"?: Json,"workspace_id"?: string }; Returns: Json
                           },
"entries_filtered_list":
{ Args: { "before_id"?: string,"before_ts"?: string,"filter"?: Json,"page_size"?: number,"workspace_id"?: string }; Returns: {
              "content_type": string | null,
"device_country": string | null,
"device_uuid": string,
"duration_ms": number | null,
"error": string | null,
"host": string | null,
"id": string,
"is_secure": boolean | null,
"kind": string,
"method": string | null,
"os": string | null,
"path": string | null,
"payload": Json | null,
"received_at": string,
"request_id": string,
"request_size": number | null,
"resent_from": string | null,
"response_size": number | null,
"source": string,
"status": number | null,
"ts": string,
"url": string | null,
"workspace_id": string
            }[]
                          SetofOptions: {
        from: "*"
        to: "entries"
        isOneToOne: false
        isSetofReturn: true
      } },
"entries_search":
{ Args: { "before_id"?: string,"before_ts"?: string,"filter"?: Json,"page_size"?: number,"workspace_id"?: string }; Returns: Json
                           },
"expand_service_groups":
{ Args: { "group_ids": (string)[] }; Returns: {
              "domain": string,"group_id": string,"service": string,"service_id": string
            }[]
                           },
"export_account":
{ Args: Record<PropertyKey, never>; Returns: Json
                           },
"get_entries":
{ Args: { "ids": (string)[],"parts"?: (string)[] }; Returns: Json
                           },
"get_entry":
{ Args: { "id": string,"parts"?: (string)[] }; Returns: Json
                           },
"get_request_metrics":
{ Args: Record<PropertyKey, never>; Returns: Json
                           },
"get_resend_request":
{ Args: { "command_id": string }; Returns: Json
                           },
"get_stats":
{ Args: { "workspace_id"?: string }; Returns: Json
                           },
"get_status":
{ Args: Record<PropertyKey, never>; Returns: Json
                           },
"get_telegram_link":
{ Args: Record<PropertyKey, never>; Returns: Json
                           },
"get_telegram_link_request":
{ Args: { "code": string }; Returns: Json
                           },
"has_capability":
{ Args: { "action": string,"section": string }; Returns: boolean
                           },
"ingest_entries":
{ Args: { "entries": Json }; Returns: Json
                           },
"invite_to_workspace":
{ Args: { "email": string,"workspace_id": string }; Returns: Json
                           },
"leave_workspace":
{ Args: { "workspace_id": string }; Returns: boolean
                           },
"list_connections":
{ Args: { "user_id"?: string }; Returns: {
              "client_id": string,"client_name": string,"created_at": string,"expires_at": string,"grant_id": string,"label": string,"last_token_at": string,"live_tokens": number,"redirect_hosts": (string)[],"scope": string
            }[]
                           },
"list_tables":
{ Args: { "name"?: string }; Returns: Json
                           },
"my_rights":
{ Args: Record<PropertyKey, never>; Returns: Json
                           },
"post_status":
{ Args: { "snapshot": Json }; Returns: boolean
                           },
"realtime_broadcast":
{ Args: { "event": string,"payload": Json,"topic": string }; Returns: boolean
                           },
"redaction_policy":
{ Args: { "destination": string }; Returns: Json
                           },
"refresh_stats":
{ Args: Record<PropertyKey, never>; Returns: boolean
                           },
"report_command_result":
{ Args: { "command_id": string,"result"?: Json,"status": string }; Returns: boolean
                           },
"resend_entry":
{ Args: { "changes"?: Json,"id": string,"idempotency_key"?: string }; Returns: Json
                           },
"resolve_breakpoint":
{ Args: { "decision": string,"encoding"?: string,"event_id": string,"raw"?: string }; Returns: Json
                           },
"revoke_connection":
{ Args: { "grant_id": string }; Returns: boolean
                           },
"revoke_token":
{ Args: { "jti": string }; Returns: boolean
                           },
"send_device_command":
{ Args: { "args"?: Json,"device_uuid": string,"idempotency_key"?: string,"name": string }; Returns: Json
                           },
"transfer_workspace":
{ Args: { "user_id": string,"workspace_id": string }; Returns: boolean
                           },
"unlink_telegram":
{ Args: Record<PropertyKey, never>; Returns: boolean
                           }
          }
          Enums: {
            [_ in never]: never
          }
          CompositeTypes: {
            [_ in never]: never
          }
        }
}

type DatabaseWithoutInternals = Omit<Database, '__InternalSupabase'>

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">]

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
        DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])
    : never = never
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
      DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])[TableName] extends {
      Row: infer R
    }
    ? R
    : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
  ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
      Row: infer R
    }
    ? R
    : never
  : never

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
      Insert: infer I
    }
    ? I
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
  ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Insert: infer I
    }
    ? I
    : never
  : never

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
      Update: infer U
    }
    ? U
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
  ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Update: infer U
    }
    ? U
    : never
  : never

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema["Enums"]
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
    : never = never
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
  ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
  : never

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
    : never = never
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][CompositeTypeName]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
  ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
  : never

export const Constants = {
  "internal": {
          Enums: {
            
          }
        },"public": {
          Enums: {
            
          }
        }
} as const
