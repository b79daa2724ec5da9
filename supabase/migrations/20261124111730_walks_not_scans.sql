-- Purpose: reading entries walks indexes, never a day from end to end.
-- Affected: private.list_entries, public.entries_filtered_count.
-- Special: where one tenant owns a third of a day the planner finds a scan of the whole day cheaper. It is, until the page is
--          full after fifty rows; and how long it takes would be everybody's rows, not the tenant's.

alter function private.list_entries(uuid, jsonb, timestamptz, uuid, integer) set enable_seqscan = off;
alter function public.entries_filtered_count(uuid, jsonb) set enable_seqscan = off;
