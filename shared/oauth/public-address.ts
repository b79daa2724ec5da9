// Which addresses a document may be fetched from: those that anybody on the internet could be behind.
// Source: the IANA registries of special-purpose addresses (RFC 6890), as of 2026.

/** [first address, bits of the prefix]: everything in it is somebody's own network, or nobody's. */
const CLOSED_V4: readonly [string, number][] = [
  ["0.0.0.0", 8], // this network
  ["10.0.0.0", 8], // private
  ["100.64.0.0", 10], // carrier-grade NAT
  ["127.0.0.0", 8], // loopback
  ["169.254.0.0", 16], // link-local, and the metadata service of clouds
  ["172.16.0.0", 12], // private
  ["192.0.0.0", 24], // protocol assignments
  ["192.0.2.0", 24], // documentation
  ["192.88.99.0", 24], // 6to4 relays, withdrawn
  ["192.168.0.0", 16], // private
  ["198.18.0.0", 15], // benchmarks
  ["198.51.100.0", 24], // documentation
  ["203.0.113.0", 24], // documentation
  ["224.0.0.0", 4], // multicast
  ["240.0.0.0", 4], // reserved, and broadcast
];

/** Public IPv6 is 2000::/3; mapped, translated, local and multicast addresses all lie outside. */
const OPEN_V6: readonly [string, number] = ["2000::", 3];
const CLOSED_V6: readonly [string, number][] = [
  ["2001::", 23], // protocol assignments, Teredo among them: they carry an IPv4 address inside
  ["2001:db8::", 32], // documentation
  ["2002::", 16], // 6to4: an IPv4 address inside
  ["3fff::", 20], // documentation
];

/** Whether a literal address is public. What is not an address in its plain form is not. */
export function isPublicAddress(text: string): boolean {
  const v4 = parseV4(text);
  if (v4 !== undefined) {
    return !CLOSED_V4.some(([start, bits]) => within(v4, parseV4(start)!, 32, bits));
  }
  const v6 = parseV6(text);
  if (v6 === undefined) return false;
  const inside = ([start, bits]: readonly [string, number]) =>
    within(v6, parseV6(start)!, 128, bits);
  return inside(OPEN_V6) && !CLOSED_V6.some(inside);
}

function within(address: bigint, start: bigint, width: number, bits: number): boolean {
  const rest = BigInt(width - bits);
  return address >> rest === start >> rest;
}

/** Four decimal numbers; octal, hexadecimal and shortened spellings are not read at all. */
function parseV4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))) {
    return undefined;
  }
  const numbers = parts.map(Number);
  if (numbers.some((number) => number > 255)) return undefined;
  return numbers.reduce((sum, number) => sum << 8n | BigInt(number), 0n);
}

function parseV6(text: string): bigint | undefined {
  // The last 32 bits may be written as IPv4.
  const dotted = /^(.*:)([\d.]+)$/.exec(text);
  if (dotted && dotted[2]!.includes(".")) {
    const v4 = parseV4(dotted[2]!);
    if (v4 === undefined) return undefined;
    return parseV6(`${dotted[1]}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`);
  }
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => half === "" ? [] : half.split(":"));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array<string>(missing).fill("0"), ...tail];
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return undefined;
  return groups.reduce((sum, group) => sum << 16n | BigInt(`0x${group}`), 0n);
}
