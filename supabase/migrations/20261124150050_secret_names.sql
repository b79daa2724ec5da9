-- Purpose: names of secrets written in one word, in brackets or beside what only describes one.
-- Affected: private.is_secret_name.

create or replace function private.is_secret_name(name text) returns boolean
language sql immutable parallel safe set search_path = '' as $$
  select (
      w.words ~* '(^|[^a-z0-9])(authorization|bearer|cookie|set-cookie2?|token|secret|password|passwd|passphrase|passcode|pwd|pw|(?:api|access|private|secret|signing|encryption|master|account|license|subscription|functions?|shared|webhook)[^a-z0-9]?key|connection[^a-z0-9]?string|session|sessionid|sid|csrf|xsrf|signature|sig|hmac|credential|jwt|otp|totp|pin|mnemonic|(?:seed|recovery|backup)[^a-z0-9]?phrase|cvv2?|cvc2?|assertion|saml[^a-z0-9]?response|code[^a-z0-9]?verifier|(?:access|auth|authorization|backup|device|login|mfa|oob|recovery|reset|security|user|verification)[^a-z0-9]?code|card[^a-z0-9]?number)s?($|[^a-z0-9])'
      or w.words ~* '(^|[^a-z0-9])(auth|pass)$'
      or w.words ~* '(token|secret|password|apikey|sess(?:ion)?id)$'
    )
    and w.words !~* '[^a-z0-9](type|count|endpoint|url|uri|limit|length|expires|expiry|expiration|in|at|ttl|algorithm|alg|methods?|supported|enabled|disabled|required|policy|duration|timeout|version|size|usage|name|format|label|placeholder|hint|status|scheme|strategy|domain|path|consent|banner|param|parameter|field|strength)$'
    and w.words !~* 'rate[^a-z0-9]?limit'
  from (select regexp_replace($1, '([a-z0-9])([A-Z])', '\1_\2', 'g') as words) as w
$$;
comment on function private.is_secret_name(text) is 'Whether a header, cookie, query or JSON name usually carries a secret; what only describes one (token_type) does not.';
