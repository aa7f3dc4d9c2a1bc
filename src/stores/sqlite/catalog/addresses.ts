/** Host names and routes of scripts, and concurrency keys: short lists that are replaced as a whole. */
import type { Addresses, HostName, Route } from "../../../ports/catalog/addresses.ts";
import type { ConcurrencyKey, ConcurrencyKeys } from "../../../ports/catalog/concurrency.ts";
import type { Queries, Run } from "../connection/queries.ts";
import type { Known } from "./known.ts";

const HOST_NAMES = "SELECT name AS hostName, script FROM host_names ORDER BY rowid";

const ROUTES = "SELECT pattern, script FROM routes ORDER BY rowid";

const KEYS = `SELECT id, name, most AS "limit", created_at AS createdAt, modified_at AS modifiedAt FROM concurrency_keys`;

/** What is read of these tables. */
export function addressTables({ all }: Queries, known: Known): Addresses & ConcurrencyKeys {
  return {
    hostNames: async () => (known.addresses.hostNames ??= all(HOST_NAMES) as unknown as HostName[]),
    routes: async () => (known.addresses.routes ??= all(ROUTES) as unknown as Route[]),
    concurrencyKeys: async () => all(`${KEYS} ORDER BY rowid`) as unknown as ConcurrencyKey[],
  };
}

/** Within a transaction, like the rest: these are the names of a script. */
export function putHostNames(run: Run, script: string, names: readonly string[]): void {
  run("DELETE FROM host_names WHERE script = ?", script);
  for (const name of names) run("INSERT OR REPLACE INTO host_names VALUES (?, ?)", name, script);
}

/** These are the routes of a script. */
export function putRoutes(run: Run, script: string, patterns: readonly string[]): void {
  run("DELETE FROM routes WHERE script = ?", script);
  for (const pattern of patterns) run("INSERT OR REPLACE INTO routes VALUES (?, ?)", pattern, script);
}

/** These are the keys of the account. */
export function putConcurrencyKeys(run: Run, keys: readonly ConcurrencyKey[]): void {
  run("DELETE FROM concurrency_keys");
  for (const { id, name, limit, createdAt, modifiedAt } of keys)
    run("INSERT INTO concurrency_keys VALUES (?, ?, ?, ?, ?)", id, name, limit, createdAt, modifiedAt);
}
