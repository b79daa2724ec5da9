/** All values of one name in a and in b; a side that has none is absent. */
export interface NameChange {
  name: string;
  change: "added" | "removed" | "changed";
  a?: string[];
  b?: string[];
}

export interface Change<T> {
  a: T;
  b: T;
}

/** Both values where they differ. */
export function changeOf<T>(a: T, b: T): Change<T> | undefined {
  return a === b ? undefined : { a, b };
}

/**
 * Names whose values differ. The order of different names means nothing (RFC 9110 section 5.3), that
 * of one name's values does. `key` makes names comparable.
 */
export function diffNames(
  a: Iterable<[string, string]>,
  b: Iterable<[string, string]>,
  key: (name: string) => string = (name) => name,
): NameChange[] {
  const before = grouped(a, key);
  const after = grouped(b, key);
  const changes: NameChange[] = [];
  for (const [id, { name, values }] of before) {
    const other = after.get(id);
    if (!other) changes.push({ name, change: "removed", a: values });
    else if (!sameValues(values, other.values)) {
      changes.push({ name, change: "changed", a: values, b: other.values });
    }
  }
  for (const [id, { name, values }] of after) {
    if (!before.has(id)) changes.push({ name, change: "added", b: values });
  }
  return changes;
}

function grouped(pairs: Iterable<[string, string]>, key: (name: string) => string) {
  const groups = new Map<string, { name: string; values: string[] }>();
  for (const [name, value] of pairs) {
    const group = groups.get(key(name));
    if (group) group.values.push(value);
    else groups.set(key(name), { name, values: [value] });
  }
  return groups;
}

function sameValues(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
