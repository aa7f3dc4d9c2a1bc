/**
 * Host names of scripts, as `wrangler deploy` asks for them by `custom_domain`, and routes by pattern. The operator of the server
 * points the name to it; there are no certificates here, and every name is a zone: its ownership is not checked.
 */
import { z } from "zod";
import { Failure } from "../../../model/failures/failure.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import type { Route } from "../../../ports/catalog/addresses.ts";
import { setHostNames, setRoutes } from "../../../workers/deploy/set-addresses.ts";
import { activeVersion } from "../../../workers/versions/scripts.ts";
import { anything, SCRIPT } from "../workers/shown.ts";

const origins = z.array(z.looseObject({ hostname: z.string().toLowerCase() }));

type Shown = ReturnType<typeof show>;

/** The name is the id. */
function show(hostname: string, service: string): { id: string; hostname: string; service: string; environment: string } {
  return { id: hostname, hostname, service, environment: "production" };
}

/** What a deployment would change, by what stands there now. */
function changeset({ hostNames }: Api, script: string, wanted: readonly string[]): Record<string, readonly object[]> {
  const taken = (name: string): string | undefined => hostNames.scriptAt(name);
  const modified = (name: string): Shown & { modified: boolean } => {
    const service = taken(name) ?? script;
    return { ...show(name, service), modified: service !== script };
  };
  return {
    added: wanted.filter((name) => taken(name) === undefined).map((name) => show(name, script)),
    updated: wanted.filter((name) => taken(name) !== undefined).map(modified),
    removed: hostNames
      .list(script)
      .filter(({ hostName }) => !wanted.includes(hostName))
      .map(({ hostName }) => show(hostName, script)),
    conflicting: [],
  };
}

/** A script must not take over a name of the server itself. */
function refuseOwn(request: Request, wanted: readonly string[]): void {
  const { hostname } = new URL(request.url);
  const at = wanted.indexOf(hostname);
  if (at < 0) return;
  const detail = `${hostname} is reserved for the API of this server`;
  throw new Failure("body", { field: `origins[${at}].hostname`, detail });
}

/** The pattern is the id. */
function shownRoute({ pattern, script }: Route): Route & { id: string } {
  return { id: pattern, pattern, script };
}

/** Custom host names, and routes. */
export const hostNames: readonly Endpoint[] = [
  endpoint("post", `${SCRIPT}/domains/changeset`, {
    needs: "admin",
    summary: "Preview a change of the host names of a script",
    query: z.object({ replace_state: z.string().optional() }),
    body: origins,
    result: anything,
    handle: async ({ params: { script_name: script }, body }, api) => {
      await activeVersion(api.catalog, script);
      const names = body.map(({ hostname }) => hostname);
      return { result: changeset(api, script, names) };
    },
  }),
  endpoint("put", `${SCRIPT}/domains/records`, {
    needs: "admin",
    summary: "Set the host names of a script, moving them from other scripts",
    body: z.looseObject({ origins }),
    result: z.array(anything),
    handle: async ({ params: { script_name: script }, body }, api, request) => {
      const wanted = body.origins.map(({ hostname }) => hostname);
      refuseOwn(request, wanted);
      await setHostNames(api, script, wanted);
      return { result: wanted.map((name) => show(name, script)) };
    },
  }),
  endpoint("get", "/accounts/{account_id}/workers/domains/records", {
    summary: "List host names of scripts",
    query: z.looseObject({ service: z.string().optional() }),
    result: z.array(anything),
    handle: ({ query }, api) =>
      Promise.resolve({ result: api.hostNames.list(query.service).map(({ hostName, script }) => show(hostName, script)) }),
  }),
  endpoint("get", "/accounts/{account_id}/workers/domains/records/{domain_id}", {
    summary: "Read the script of a host name",
    result: anything,
    handle: ({ params: { domain_id: name } }, api) => {
      const script = api.hostNames.scriptAt(name);
      if (script === undefined) return Promise.reject(new Failure("not_found", { field: "domain_id" }));
      return Promise.resolve({ result: show(name, script) });
    },
  }),
  endpoint("get", "/zones", {
    summary: "Find the zone of a host name; each host name is its own zone",
    query: z.looseObject({ name: z.string().optional() }),
    result: z.array(anything),
    handle: ({ query: { name } }) =>
      Promise.resolve({ result: name === undefined ? [] : [{ id: name, name, status: "active" }] }),
  }),
  endpoint("get", "/zones/{zone_id}/workers/routes", {
    summary: "List the routes of all zones",
    result: z.array(anything),
    handle: (_, api) => Promise.resolve({ result: api.hostNames.routes.list().map(shownRoute) }),
  }),
  endpoint("put", `${SCRIPT}/routes`, {
    needs: "admin",
    summary: "Set the routes of a script; routes of other scripts are rejected",
    body: z.array(z.looseObject({ pattern: z.string() })),
    result: z.array(anything),
    handle: async ({ params: { script_name: script }, body }, api, request) => {
      const patterns = body.map(({ pattern }) => pattern);
      await setRoutes(api, script, patterns, new URL(request.url).hostname);
      return { result: patterns.map((pattern) => shownRoute({ pattern, script })) };
    },
  }),
];
