import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isPublicAddress } from "./public-address.ts";

describe("isPublicAddress", () => {
  it.each([
    "1.1.1.1",
    "8.8.8.8",
    "93.184.215.14",
    "172.15.255.255",
    "172.32.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "169.253.255.255",
    "192.167.255.255",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001:81c::200e",
    "2001:4860:4860::8888",
    "2001:200::1",
    "3ffe::1",
    "2620:fe::fe",
  ])("lets %s through", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    // this host, loopback
    "0.0.0.0",
    "0.1.2.3",
    "127.0.0.1",
    "127.255.255.254",
    // private, shared, link-local, metadata services
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.255.255",
    // assigned to something else than a host on the internet
    "192.0.0.8",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    // IPv6 of the same kinds
    "::",
    "::1",
    "0:0:0:0:0:0:0:1",
    "fe80::1",
    "febf::1",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "100::1",
    "2001:db8::1",
    "3fff::1",
    // IPv6 that carries an IPv4 address inside
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::",
    "2001:0:7f00:1::",
    "2001::1",
    "2001:20::1",
    "5f00::1",
    // spellings that one parser reads as an address and another does not
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "010.8.8.8",
    "127.0.0.01",
    "8.8.8.8.",
    "8.8.8",
    "8.8.8.256",
    "8.8.8.8/8",
    "[::1]",
    "fe80::1%eth0",
    "2606:4700::1%lo",
    "2606::4700::1",
    "2606:4700:4700:1:1:1:1",
    "2606:4700:4700:1:1:1:1:1:1",
    "2606:4700:4700:1:1:1:1::1:1",
    "12345::1",
    "localhost",
    "example.com",
    "",
    " 8.8.8.8",
  ])("stops %j", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it("never lets IPv4 of a closed network through, in whatever clothes", () => {
    const closed = fc.constantFrom([10], [127], [169, 254], [192, 168], [100, 64]);
    const rest = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255));
    fc.assert(fc.property(closed, rest, (head, tail) => {
      const bytes = [...head, ...tail].slice(0, 4);
      const dotted = bytes.join(".");
      const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
      const groups = `${hex.slice(0, 4)}:${hex.slice(4)}`;
      for (
        const address of [
          dotted,
          `::ffff:${dotted}`,
          `::${dotted}`,
          `64:ff9b::${dotted}`,
          `2002:${groups}::1`,
          `2001:0:${groups}::`,
        ]
      ) expect(isPublicAddress(address)).toBe(false);
    }));
  });

  it("reads an address however it is written", () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    fc.assert(fc.property(fc.array(group, { minLength: 7, maxLength: 7 }), (groups) => {
      const long = ["2606", ...groups.map((value) => value.toString(16))].join(":");
      const padded = ["2606", ...groups.map((value) => value.toString(16).padStart(4, "0"))].join(
        ":",
      );
      expect([long, padded, padded.toUpperCase()].map(isPublicAddress)).toEqual([true, true, true]);
    }));
  });
});
