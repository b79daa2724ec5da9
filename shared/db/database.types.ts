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
"create_pairing_code":
{ Args: { "code_hash": string,"user_id": string,"workspace_id": string }; Returns: Json
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
"redeem_pairing_code":
{ Args: { "code_hash": string,"device": Json }; Returns: Json
                           },
"renew_device_credential":
{ Args: { "credential_id": string }; Returns: Json
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
            "api_tokens": {
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
"create_service_client":
{ Args: { "service_account_id": string }; Returns: Json
                           },
"delete_account":
{ Args: { "confirm": string }; Returns: boolean
                           },
"device_uuid":
{ Args: Record<PropertyKey, never>; Returns: string
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
"export_account":
{ Args: Record<PropertyKey, never>; Returns: Json
                           },
"get_entries":
{ Args: { "ids": (string)[],"parts"?: (string)[] }; Returns: Json
                           },
"get_entry":
{ Args: { "id": string,"parts"?: (string)[] }; Returns: Json
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
"revoke_connection":
{ Args: { "grant_id": string }; Returns: boolean
                           },
"revoke_token":
{ Args: { "jti": string }; Returns: boolean
                           },
"transfer_workspace":
{ Args: { "user_id": string,"workspace_id": string }; Returns: boolean
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
