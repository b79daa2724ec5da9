const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME =
  /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const EMAIL = /^[\w+-]+(?:\.[\w+-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,24}$/i;
const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^(?:${OCTET}\\.){3}${OCTET}$`);
const URI =
  /^https?:\/\/[a-z0-9.-]+(?::\d{1,5})?(?:\/(?:[\w.~!$&'()*+,;=:@/-]|%[0-9a-f]{2})*)?(?:\?(?:[\w.~!$&'()*+,;=:@/?-]|%[0-9a-f]{2})*)?(?:#(?:[\w.~!$&'()*+,;=:@/?-]|%[0-9a-f]{2})*)?$/i;
const LONGEST = 2_000;

const FORMATS = {
  "date-time": isDateTime,
  date: isDate,
  uuid: (text: string) => UUID.test(text),
  email: (text: string) => text.length <= 254 && EMAIL.test(text),
  ipv4: (text: string) => IPV4.test(text),
  uri: (text: string) => URI.test(text),
} satisfies Record<string, (text: string) => boolean>;

export type Format = keyof typeof FORMATS;

/** The format a text has, stricter than the standards: what is named here every validator accepts. */
export function formatOf(text: string): Format | null {
  if (text.length > LONGEST) return null;
  const names = Object.keys(FORMATS) as Format[];
  return names.find((name) => FORMATS[name](text)) ?? null;
}

function isDate(text: string): boolean {
  const match = DATE.exec(text);
  if (!match) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}

function isDateTime(text: string): boolean {
  return /^t$/i.test(text.charAt(10)) && isDate(text.slice(0, 10)) && TIME.test(text.slice(11));
}
