interface ImportMetaEnv {
  readonly VITE_SUPABASE_URL?: string;
  readonly VITE_PUBLISHABLE_KEY?: string;
  readonly VITE_ISSUER?: string;
}
