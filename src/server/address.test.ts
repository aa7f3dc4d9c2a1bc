import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { addressOf } from "./address.ts";

const from = (remoteAddress: string | undefined, forwarded?: string): string =>
  addressOf({ socket: { remoteAddress }, headers: { "x-forwarded-for": forwarded } } as unknown as IncomingMessage);

test.each([
  ["the other end of the connection", "192.0.2.1", undefined, "192.0.2.1"],
  ["IPv4 within IPv6, as what it is", "::ffff:192.0.2.1", undefined, "192.0.2.1"],
  ["whom a proxy of this machine speaks for", "127.0.0.1", "192.0.2.7", "192.0.2.7"],
  ["the last of them: the others are what a client claims", "::1", "1.1.1.1, 192.0.2.7", "192.0.2.7"],
  ["nobody else's word counts", "192.0.2.1", "203.0.113.9", "192.0.2.1"],
  ["nothing is no address", "127.0.0.1", " ", "127.0.0.1"],
  ["one that is gone already has none", undefined, undefined, ""],
])("%s", (_, peer, forwarded, address) => {
  expect(from(peer, forwarded)).toBe(address);
});

test("an address is no longer than one can be", () => {
  expect(from("127.0.0.1", "x".repeat(1_000))).toHaveLength(45);
});
