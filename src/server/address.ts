/** The client of a request, and whether it speaks TLS: proxies say so in headers, which are believed only from trusted ones. */
import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";

/** Where a request comes from. */
export interface Client {
  /** Of the network; empty where there is none. */
  readonly address: string;
  /** True when the client spoke TLS to a trusted proxy; the server itself speaks none. */
  readonly isSecure: boolean;
}

/** Tells from the address of the other end of a connection and a request's headers which client it is from. */
type FindClient = (peer: string, headers: Headers) => Client;

/** The address of the other end of the connection. */
export function addressOf({ socket }: IncomingMessage): string {
  const address = socket.remoteAddress ?? "";
  return address.startsWith("::ffff:") ? plain(address) : address;
}

/**
 * `trusted` are addresses and ranges like `10.1.0.0/16` of proxies. `onStranger` is called once, for the first peer that is not
 * among them and yet forwards for a client.
 */
export function clientsBehind(trusted: readonly string[], onStranger: (peer: string) => void): FindClient {
  const proxies = new BlockList();
  let isSaid = false;
  for (const range of trusted) {
    const [address = "", bits] = range.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    proxies.addSubnet(address, Number(bits ?? (family === "ipv6" ? 128 : 32)), family);
  }
  // Most servers have no proxy, and this is asked of each request.
  const isTrusted = (address: string): boolean =>
    trusted.length > 0 && isIP(address) !== 0 && proxies.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  return (peer, headers) => {
    if (!isTrusted(peer)) {
      if (!isSaid && headers.has("x-forwarded-for")) onStranger(peer);
      isSaid ||= headers.has("x-forwarded-for");
      return { address: peer, isSecure: false };
    }
    // Each proxy appends its client: entries before the first untrusted address cannot be trusted.
    const forwarded = listed(headers.get("x-forwarded-for")).map(plain);
    let address = peer;
    while (isTrusted(address)) {
      const next = forwarded.pop() ?? "";
      if (isIP(next) === 0) break;
      address = next;
    }
    return { address, isSecure: listed(headers.get("x-forwarded-proto")).at(-1)?.toLowerCase() === "https" };
  };
}

/** True for a URL with a name or a password, which the target of a request can have, but no `Request`. */
export function hasCredentials({ username, password }: URL): boolean {
  return username !== "" || password !== "";
}

/** True for an address, or for a range like `10.1.0.0/16`. */
export function isAddressRange(text: string): boolean {
  const [address = "", bits, ...more] = text.split("/");
  const most = { 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return most > 0 && more.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most));
}

function listed(header: string | null): string[] {
  return (header ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

/** IPv4 within IPv6 as what it is, without the port that some proxies add. */
function plain(address: string): string {
  const mapped = address.replace(/^::ffff:(?=\d+\.)/i, "");
  return mapped.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1").replace(/^\[(.+)\](:\d+)?$/, "$1");
}
