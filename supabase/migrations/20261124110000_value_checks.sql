-- Purpose: what a pattern, host or domain may look like, said once for every table that holds some.
-- Affected: domains in schema private.

create domain private.domain_pattern as text
  -- squawk-ignore ban-create-domain-with-constraint
  check (value ~ '^(\*\.)?[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$' and char_length(value) <= 253);
comment on domain private.domain_pattern is 'A host in lower case, or *.host for its subdomains.';

create domain private.url_pattern as text
  -- squawk-ignore ban-create-domain-with-constraint
  check (
    char_length(value) between 1 and 500 and value !~ '[\s\u0001-\u001f]'
    and value ~ '^(\*|(\*\.)?[A-Za-z0-9_.-]+(:[0-9]{1,5})?(/[^\s]*)?|\*?/[^\s]*)$');
comment on domain private.url_pattern is 'A URL wildcard: "*", host, *.host, host/path*, or /path*.';

create domain private.host_name as text
  -- squawk-ignore ban-create-domain-with-constraint
  check (value ~ '^([A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*|\[?[0-9A-Fa-f:.]+\]?)$' and char_length(value) <= 253);
comment on domain private.host_name is 'A host name or an IP address.';

-- squawk-ignore ban-create-domain-with-constraint
create domain private.port_number as integer check (value between 1 and 65535);
comment on domain private.port_number is 'A TCP port.';

-- squawk-ignore ban-create-domain-with-constraint
create domain private.ip_address as text check (pg_input_is_valid(value, 'inet') and value !~ '/');
comment on domain private.ip_address is 'An IPv4 or IPv6 address.';

grant usage on type private.domain_pattern, private.url_pattern, private.host_name, private.port_number, private.ip_address
to authenticated, device;
