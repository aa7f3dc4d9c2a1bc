/**
 * Host names of scripts, as `wrangler deploy` asks for them by `custom_domain`. Whoever runs the server points the name to
 * it; there are no zones and no certificates here. Routes by pattern need a zone, and are refused.
 */
import { z } from "zod";
import { Failure } from "../../model/errors.ts";
import { endpoint, type Api, type Endpoint } from "../endpoint.ts";
import { activeVersion, anything, SCRIPT } from "../scripts.ts";

const origins = z.array(z.looseObject({ hostname: z.string().toLowerCase() }));

type Shown = ReturnType<typeof show>;

/** The name is the id. */
function show(hostname: string, service: string): { id: string; hostname: string; service: string; environment: string } {
  return { id: hostname, hostname, service, environment: "production" };
}

const NO_ZONES =
  'This server has no zones, so that it knows no routes by pattern. Give the Worker a host name: { "pattern": "shop.example.com", "custom_domain": true }, or start the server with --host-name shop.example.com=SCRIPT';

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

/** Nobody is to take over the name under which the server itself is spoken to. */
function refuseOwn(request: Request, wanted: readonly string[]): void {
  const { hostname } = new URL(request.url);
  const at = wanted.indexOf(hostname);
  if (at < 0) return;
  const detail = `The server's own API is at ${hostname}: a Worker there would hide it`;
  throw new Failure("body", { field: `origins[${at}].hostname`, detail });
}

/** Custom host names, and routes, of which there are none. */
export const hostNames: readonly Endpoint[] = [
  endpoint({
    method: "post",
    path: `${SCRIPT}/domains/changeset`,
    needs: "admin",
    summary: "Ask what would change if these were the host names of a script",
    query: z.object({ replace_state: z.string().optional() }),
    body: origins,
    result: anything,
    handle: async ({ params: { script_name: script }, body }, api) => {
      await activeVersion(api, script);
      return {
        result: changeset(
          api,
          script,
          body.map(({ hostname }) => hostname),
        ),
      };
    },
  }),
  endpoint({
    method: "put",
    path: `${SCRIPT}/domains/records`,
    needs: "admin",
    summary: "Set the host names of a script; they are taken from others that have them",
    body: z.looseObject({ origins }),
    result: z.array(anything),
    handle: async ({ params: { script_name: script }, body }, api, request) => {
      await activeVersion(api, script);
      const wanted = body.origins.map(({ hostname }) => hostname);
      refuseOwn(request, wanted);
      await api.hostNames.replace(script, wanted);
      return { result: wanted.map((name) => show(name, script)) };
    },
  }),
  endpoint({
    method: "get",
    path: "/accounts/{account_id}/workers/domains/records",
    summary: "List host names of scripts",
    query: z.looseObject({ service: z.string().optional() }),
    result: z.array(anything),
    handle: ({ query }, api) =>
      Promise.resolve({ result: api.hostNames.list(query.service).map(({ hostName, script }) => show(hostName, script)) }),
  }),
  endpoint({
    method: "get",
    path: "/accounts/{account_id}/workers/domains/records/{domain_id}",
    summary: "Read which script has a host name",
    result: anything,
    handle: ({ params: { domain_id: name } }, api) => {
      const script = api.hostNames.scriptAt(name);
      if (script === undefined) return Promise.reject(new Failure("not_found", { field: "domain_id" }));
      return Promise.resolve({ result: show(name, script) });
    },
  }),
  endpoint({
    method: "get",
    path: "/zones",
    summary: "Refused: there are no zones, and no routes by pattern",
    query: z.looseObject({}),
    result: z.null(),
    handle: () => Promise.reject(new Failure("body", { field: "routes", detail: NO_ZONES })),
  }),
  endpoint({
    method: "put",
    path: `${SCRIPT}/routes`,
    needs: "admin",
    summary: "Refused: there are no routes by pattern",
    body: z.unknown(),
    result: z.null(),
    handle: () => Promise.reject(new Failure("body", { field: "routes", detail: NO_ZONES })),
  }),
];
