/** Scripts at a glance: what is in force, what is in it, and where it can be reached. Cloudflare has that in six answers. */
import { z } from "zod";
import { Failure } from "../../model/failures/failure.ts";
import { iso } from "../../model/time/calendar.ts";
import { endpoint, type Api, type Endpoint } from "../endpoint/endpoint.ts";
import { cronsOf } from "../../workers/deploy/set-crons.ts";
import { activeVersion } from "../../workers/versions/scripts.ts";
import { timestamp, pageOf, pages } from "../cloudflare/workflows/schemas.ts";

const shown = z.object({
  name: z.string(),
  /** The path below which the server answers for it, and host names of its own. */
  path: z.string(),
  host_names: z.array(z.string()),
  version: z.object({
    id: z.string(),
    number: z.int(),
    created_on: timestamp,
    message: z.string().nullable(),
  }),
  deployed_on: timestamp,
  workflows: z.array(z.object({ name: z.string(), class_name: z.string() })),
  bindings: z.int(),
  secrets: z.int(),
  crons: z.array(z.string()),
  compatibility_date: z.string().nullable(),
  compatibility_flags: z.array(z.string()),
});

async function show(api: Api, name: string): Promise<z.input<typeof shown>> {
  const { id, number, createdAt, bindings, annotations, ...version } = await activeVersion(api.catalog, name);
  const [deployment] = (await api.catalog.deployments(name, 0, 1)).items;
  const workflows = await api.catalog.workflowsOf(name);
  return {
    name,
    path: `/workers/${name}/`,
    host_names: [`${name}.localhost`, ...api.hostNames.list(name).map(({ hostName }) => hostName)],
    version: { id, number, created_on: iso(createdAt), message: annotations?.["workers/message"] ?? null },
    deployed_on: iso(deployment?.createdAt ?? createdAt),
    workflows: workflows.map((workflow) => ({ name: workflow.name, class_name: workflow.className })),
    bindings: bindings.length,
    secrets: bindings.filter(({ type }) => type === "secret_text").length,
    crons: (await cronsOf(api.catalog, name)).map(({ cron }) => cron),
    compatibility_date: version.compatibilityDate ?? null,
    compatibility_flags: [...version.compatibilityFlags],
  };
}

/** Undefined for a script that was deleted while it was looked at. */
async function showIfThere(api: Api, name: string): Promise<z.input<typeof shown> | undefined> {
  return show(api, name).catch((cause: unknown) => {
    if (cause instanceof Failure && cause.failure === "script.not_found") return undefined;
    throw cause;
  });
}

/** Scripts. */
export const ownScripts: readonly Endpoint[] = [
  endpoint("get", "/scripts", {
    summary: "List scripts by name with their active version, workflows and addresses",
    query: z.object(pages(50)),
    result: z.array(shown),
    handle: async ({ query }, api) => {
      const { items, info } = pageOf((await api.catalog.scriptNames()).sort(), query);
      const found = await Promise.all(items.map((name) => showIfThere(api, name)));
      const result = found.filter((each) => each !== undefined);
      return { result, info: { ...info, count: result.length } };
    },
  }),
  endpoint("get", "/scripts/{script_name}", {
    summary: "Read a summary of a script",
    result: shown,
    handle: async ({ params }, api) => ({ result: await show(api, params.script_name) }),
  }),
];
