/** Which addresses scripts do not reach although they are in a range that they may: those of this machine and, of IPv6, of its networks. */
import type { NetworkInterfaceInfo } from "node:os";

/** The addresses that a machine has, by interface. */
export type Interfaces = Readonly<Partial<Record<string, readonly NetworkInterfaceInfo[]>>>;

/**
 * Ranges to refuse beside those that are allowed. What comes from this machine passes no firewall, whatever address it goes to. An IPv6
 * address is refused with the network that it is in: those of a machine change by the day, and its neighbours are what a private
 * network is to IPv4. Allowing `private` opens this machine, and so does the range of a single address.
 */
export function refusedIn(allowed: readonly string[], interfaces: Interfaces): readonly string[] {
  if (allowed.includes("private")) return [];
  const own = Object.values(interfaces).flatMap((each) => each ?? []);
  const ranges = own
    .filter(({ internal, cidr }) => !internal && cidr !== null)
    .map(({ family, address, cidr }) => (family === "IPv4" ? `${address}/32` : (cidr ?? "")));
  return [...new Set(ranges)].filter((range) => !allowed.includes(range));
}
