import type postgres from "postgres";

/**
 * A day remembers when it last got an entry. Tests that make entries older by hand, for retention counts
 * from arrival, make the days of more than a month ago as old as what is in them.
 */
export async function ageDays(owner: postgres.Sql): Promise<void> {
  await owner`select private.fold_counts()`;
  await owner`
    update private.day_arrivals a
    set last_arrival = coalesce(
      (select max(e.received_at) from public.entries e
       where e.ts >= a.day::timestamp at time zone 'UTC' and e.ts < (a.day + 1)::timestamp at time zone 'UTC'),
      '-infinity')
    where a.day < (now() at time zone 'UTC')::date - 30`;
}
