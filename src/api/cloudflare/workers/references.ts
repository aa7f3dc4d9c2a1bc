/** Which scripts need which. */
import { z } from "zod";
import { referencesTo, type Reference } from "../../../workers/versions/references.ts";
import { activeVersion } from "../../../workers/versions/scripts.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { pageReply, pages } from "../workflows/schemas.ts";
import { anything, SCRIPT } from "./shown.ts";

const ENVIRONMENT = "production";

async function namespaces({ catalog }: Pick<Api, "catalog">): Promise<object[]> {
  const scripts = await catalog.scriptNames();
  const classes = await Promise.all(scripts.map(async (script) => ({ script, ...(await catalog.objectClasses(script)) })));
  return classes.flatMap(({ script, namespaces: own }) =>
    Object.entries(own).map(([name, id]) => ({ id, name: `${script}_${name}`, script, class: name, use_sqlite: true })),
  );
}

/** What the confirmation of `wrangler delete` asks for. */
export const scriptsReferences: readonly Endpoint[] = [
  endpoint("get", "/accounts/{account_id}/workers/durable_objects/namespaces", {
    summary: "List the Durable Object namespaces",
    query: z.object(pages(100, 1_000)),
    result: z.array(anything),
    handle: async ({ query }, api) => pageReply(await namespaces(api), query, (each) => each),
  }),
  endpoint("get", `${SCRIPT}/references`, {
    summary: "List the scripts that reference this one",
    result: anything,
    handle: async ({ params: { script_name: script } }, api) => {
      const { bindings } = await activeVersion(api.catalog, script);
      const incoming = await referencesTo(api.catalog, script);
      const outgoing = bindings.flatMap((each) => (each.type === "service" ? [{ service: each.service, name: each.name }] : []));
      const shown = (each: { service: string; name: string }): object => ({ ...each, environment: ENVIRONMENT });
      const of = (wanted: Reference["type"]): { service: string; name: string }[] =>
        incoming.flatMap(({ script: service, name, type }) => (type === wanted ? [{ service, name }] : []));
      return {
        result: {
          services: { incoming: of("service").map(shown), outgoing: outgoing.map(shown), pages_function: false },
          durable_objects: of("durable_object_namespace").map(({ service, name }) => ({
            service,
            environment: ENVIRONMENT,
            durable_object_namespace_name: name,
          })),
          dispatch_outbounds: [],
        },
      };
    },
  }),
];
