// What comes from outside is read member by member. By hand: a schema library would compile its
// schemas, which the policy of a careful page forbids.

type Reader<Value> = (value: unknown) => Value;
type Shape = Record<string, Reader<unknown>>;

export type Read<Members extends Shape> = {
  [Name in keyof Members]: ReturnType<Members[Name]>;
};

export const text: Reader<string> = (value) => {
  if (typeof value === "string" && value !== "") return value;
  throw new TypeError("must be a text");
};

export const seconds: Reader<number> = (value) => {
  if (typeof value === "number" && value > 0) return value;
  throw new TypeError("must be a positive number");
};

export const address: Reader<string> = (value) => {
  if (URL.canParse(text(value))) return value as string;
  throw new TypeError("must be an absolute address");
};

export const texts: Reader<string[]> = (value) => {
  if (Array.isArray(value)) return value.map(text);
  throw new TypeError("must be a list");
};

export const optional = <Value>(read: Reader<Value>): Reader<Value | undefined> => (value) =>
  value === undefined ? undefined : read(value);

/**
 * The members of an object, others left out.
 * @throws TypeError that names the member.
 */
export function readMembers<Members extends Shape>(value: unknown, shape: Members): Read<Members> {
  if (typeof value !== "object" || value === null) throw new TypeError("must be an object");
  const given = value as Record<string, unknown>;
  const read = Object.entries(shape).map(([name, reader]) => {
    try {
      return [name, reader(given[name])];
    } catch (error) {
      throw new TypeError(`${name} ${(error as TypeError).message}`);
    }
  });
  return Object.fromEntries(read) as Read<Members>;
}
