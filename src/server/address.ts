/** Where a request comes from. */
import type { IncomingMessage } from "node:http";
import { isLoopback } from "./hosts.ts";

/** Characters of the longest address: IPv6, with an IPv4 address in it. */
const MAX = 45;

/**
 * The address of the other end of the connection. If that is this machine, a proxy in front of the server may have said whom it speaks
 * for: what the nearest one added stands last.
 */
export function addressOf({ socket, headers }: IncomingMessage): string {
  const peer = (socket.remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/, "");
  const forwarded = [headers["x-forwarded-for"] ?? []].flat().at(-1)?.split(",").at(-1)?.trim();
  return isLoopback(peer) && forwarded !== undefined && forwarded !== "" ? forwarded.slice(0, MAX) : peer;
}
