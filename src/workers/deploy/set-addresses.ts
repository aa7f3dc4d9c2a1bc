/** Sets the host names and the routes of a script. */
import type { Deployed } from "../../ports/catalog/catalog.ts";
import type { HostNames } from "../addresses/host-names.ts";
import { checkRoutes } from "../addresses/routes.ts";
import { activeVersion } from "../versions/scripts.ts";
import { change } from "./change.ts";

interface Parts {
  readonly catalog: Deployed;
  readonly hostNames: HostNames;
}

/**
 * These are the names of a script from now on, as far as deployments ask for them; it takes them from others.
 *
 * @throws Failure `script.not_found`; `body` for what is no name, or is another script's by the server's own options.
 */
export function setHostNames({ catalog, hostNames }: Parts, script: string, wanted: readonly string[]): Promise<void> {
  return change(catalog, async () => {
    await activeVersion(catalog, script);
    hostNames.check(script, wanted);
    return { edits: [{ type: "host_names", script, hostNames: wanted }], result: undefined };
  });
}

/**
 * These are the routes of a script from now on. `ownHost` is that of the server itself, which no route may hide.
 *
 * @throws Failure `script.not_found`; `body` for what is no pattern, hides the server, or is another script's.
 */
export function setRoutes(catalog: Deployed, script: string, patterns: readonly string[], ownHost: string): Promise<void> {
  return change(catalog, async () => {
    await activeVersion(catalog, script);
    const others = (await catalog.routes()).filter((route) => route.script !== script);
    checkRoutes(patterns, ownHost, others);
    return { edits: [{ type: "routes", script, patterns }], result: undefined };
  });
}
