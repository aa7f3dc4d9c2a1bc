/** Connection strings of databases: `postgres://user:password@host:port/database`, or `mysql://…`. */

/** What one says. */
export interface DatabaseAddress {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Whether the way to it is encrypted. */
  readonly isEncrypted: boolean;
}

/** The ports of databases whose strings name none. */
const PORTS: Readonly<Record<string, number>> = { postgres: 5432, postgresql: 5432, mysql: 3306 };

/** The modes for TLS that do not ask for it. */
const WITHOUT_TLS: ReadonlySet<string> = new Set(["disable", "disabled", "allow", "prefer", "preferred", "false", "0"]);

/** Reads one. A string that cannot be used is answered with the reason, which has no part of it. */
export function readConnectionString(text: string): DatabaseAddress | { readonly problem: string } {
  if (!URL.canParse(text)) return { problem: "it is not like postgres://user:password@host:5432/database" };
  const { protocol, hostname, port, username, password, pathname, searchParams } = new URL(text);
  const scheme = protocol.slice(0, -1);
  const ownPort = Object.hasOwn(PORTS, scheme) ? PORTS[scheme] : undefined;
  if (ownPort === undefined) return { problem: "its scheme is none of postgres, postgresql and mysql" };
  const parts = { host: hostname, user: username, password, database: pathname.slice(1) };
  const missing = Object.entries(parts).find(([, value]) => value === "");
  if (missing !== undefined) return { problem: `it names no ${missing[0]}` };
  const encrypted = ["sslmode", "ssl-mode", "ssl"].some((name) => isEncrypted(searchParams.get(name)));
  if (encrypted && scheme === "mysql") return { problem: "it asks for TLS, which is not supported for MySQL" };
  try {
    const [user, secret, database] = [username, password, parts.database].map(decodeURIComponent) as [string, string, string];
    const at = { host: hostname, port: port === "" ? ownPort : Number(port), isEncrypted: encrypted };
    return { scheme, ...at, user, password: secret, database };
  } catch {
    return { problem: "it has a % that begins no escape" };
  }
}

function isEncrypted(mode: string | null): boolean {
  return mode !== null && !WITHOUT_TLS.has(mode.toLowerCase());
}
