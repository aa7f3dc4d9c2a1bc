/** The client of a request: the other end of the connection, or the one that a trusted proxy names. */
import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { addressOf, clientsBehind, isAddressRange, type Client } from "./address.ts";

const from = (peer: string, headers: Record<string, string>, trusted: readonly string[]): Client =>
  clientsBehind(trusted, () => {})(peer, new Headers(headers));

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["2001:db8::1", "2001:db8::1"],
  [undefined, ""],
])("the other end %s is %s", (remoteAddress, address) => {
  expect(addressOf({ socket: { remoteAddress } } as unknown as IncomingMessage)).toBe(address);
});

test.each(["127.0.0.1", "::1", "10.0.0.1", "192.0.2.1"])("%s is not believed unless it is trusted", (peer) => {
  const headers = { "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https" };
  expect(from(peer, headers, [])).toEqual({ address: peer, isSecure: false });
  expect(from(peer, headers, [peer])).toEqual({ address: "203.0.113.9", isSecure: true });
  expect(from(peer, headers, ["198.51.100.0/24"])).toEqual({ address: peer, isSecure: false });
});

test.each([
  ["the last: what stands before it is a claim of the client", "203.0.113.9, 192.0.2.7", "192.0.2.7"],
  ["before a second proxy that is trusted", "203.0.113.9, 192.0.2.7, 10.1.2.3", "192.0.2.7"],
  ["IPv4 within IPv6 as what it is", "::ffff:192.0.2.7", "192.0.2.7"],
  ["without the port", "192.0.2.7:4711", "192.0.2.7"],
  ["IPv6 without brackets", "[2001:db8::7]:4711", "2001:db8::7"],
  ["the proxy when it names no client", " ", "10.1.0.1"],
  ["the proxy when it names no address", "unknown", "10.1.0.1"],
  ["the innermost that is an address", "garbage, 10.1.2.3", "10.1.2.3"],
])("of a list a trusted proxy's client is %s", (_, list, address) => {
  expect(from("10.1.0.1", { "x-forwarded-for": list }, ["10.1.0.0/16"])).toEqual({ address, isSecure: false });
});

test("what the nearest proxy says of TLS counts", () => {
  const isSecure = (proto: string): boolean => from("10.1.0.1", { "x-forwarded-proto": proto }, ["10.1.0.1"]).isSecure;
  expect([isSecure("https"), isSecure("HTTPS"), isSecure("http"), isSecure("https, http"), isSecure("")]).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

test("a proxy that is not trusted is named once", () => {
  const named: string[] = [];
  const clientOf = clientsBehind(["10.1.0.1"], (peer) => named.push(peer));
  const headers = new Headers({ "x-forwarded-for": "203.0.113.9" });
  clientOf("10.1.0.1", headers);
  clientOf("10.2.0.1", new Headers());
  expect(named).toEqual([]);
  clientOf("10.2.0.1", headers);
  clientOf("10.2.0.2", headers);
  expect(named).toEqual(["10.2.0.1"]);
});

test.each([
  ["10.1.0.0/16", true],
  ["10.1.0.1", true],
  ["2001:db8::/32", true],
  ["::1", true],
  ["10.1.0.0/33", false],
  ["10.1.0/16", false],
  ["10.1.0.0/16/8", false],
  ["proxy.example.com", false],
  ["", false],
])("%s is a range of addresses: %s", (text, isRange) => {
  expect(isAddressRange(text)).toBe(isRange);
});
