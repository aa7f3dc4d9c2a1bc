/** The databases that a server has been started with: their connection strings are not part of what is deployed. */
import type { ScriptVersion } from "../../ports/catalog/script-versions.ts";

/** Connection strings, by `hyperdriveKey` of an id. */
export type HyperdriveStrings = Readonly<Record<string, string>>;

/** An id, as the name of an environment variable ends with it. */
export function hyperdriveKey(id: string): string {
  return id.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_");
}

/** The version with the strings of its databases, where it brings none along. */
export function withDatabases<T extends Pick<ScriptVersion, "bindings">>(version: T, known: HyperdriveStrings): T {
  const bindings = version.bindings.map((each) => {
    if (each.type !== "hyperdrive" || each.connection !== undefined) return each;
    const connection = known[hyperdriveKey(each.id)];
    return connection === undefined ? each : { ...each, connection };
  });
  return { ...version, bindings };
}
