/** Workers, as the newer API of the SDK and Terraform has them: made first, and given versions afterwards. */
import { z } from "zod";
import { Failure } from "../../../model/failures/failure.ts";
import { changeScriptSettings } from "../../../workers/deploy/change-script-settings.ts";
import { deleteScript } from "../../../workers/deploy/delete-script.ts";
import { makeWorker } from "../../../workers/deploy/make-worker.ts";
import { checkWorker } from "../../../workers/versions/scripts.ts";
import { type Api, endpoint, type Endpoint, type Reply } from "../../endpoint/endpoint.ts";
import { checkScriptName, sharedSettings } from "./shown.ts";
import { pageOf, pages } from "../workflows/schemas.ts";
import { showWorker, workerNames } from "./workers-shown.ts";

const WORKERS = "/accounts/{account_id}/workers/workers";

/** The path of one, by its id or name, which are the same here. */
export const WORKER: `${typeof WORKERS}/{worker_id}` = `${WORKERS}/{worker_id}`;

const subdomain = z.object({ enabled: z.boolean().optional(), previews_enabled: z.boolean().optional() }).nullish();

/** Settings change nothing here. */
const wanted = z.object({ name: z.string(), subdomain }).and(sharedSettings);

const change = z.object({ name: z.string().optional(), subdomain }).and(sharedSettings);

/** What a complete replacement that says nothing of them comes to. */
const CLEARED = { tags: null, logpush: null, observability: null, tail_consumers: null, subdomain: null };

const shown = z.looseObject({ id: z.string(), name: z.string(), created_on: z.iso.datetime(), updated_on: z.iso.datetime() });

/** A Worker after a change of its settings. The name stays: it is what everything else knows a Worker by. */
async function changed(api: Api, id: string, { name, ...kept }: z.output<typeof change>, request: Request): Promise<Reply> {
  await checkWorker(api.catalog, id);
  if (name !== undefined && name !== id)
    throw new Failure("body", { field: "name", detail: `A Worker cannot be renamed: create "${name}" and delete "${id}"` });
  await changeScriptSettings(api.catalog, id, kept, checkWorker);
  return { result: await showWorker(api, id, request) };
}

/** Workers as wholes. */
export const workers: readonly Endpoint[] = [
  endpoint("get", WORKERS, {
    summary: "List Workers by name, including those without a version",
    query: z.object({ ...pages(10), order: z.string().optional(), order_by: z.string().optional() }),
    result: z.array(shown),
    handle: async ({ query }, api, request) => {
      const { items, info } = pageOf(await workerNames(api), query);
      const found = await Promise.all(items.map((name) => showWorker(api, name, request).catch(() => undefined)));
      const result = found.filter((each) => each !== undefined);
      return { result, info: { ...info, count: result.length } };
    },
  }),
  endpoint("post", WORKERS, {
    needs: "admin",
    summary: "Create a Worker without a version",
    body: wanted,
    result: shown,
    handle: async ({ body: { name, ...kept } }, api, request) => {
      checkScriptName(name);
      await makeWorker(api.catalog, name, kept, api.clock.now());
      return { result: await showWorker(api, name, request) };
    },
  }),
  endpoint("get", WORKER, {
    summary: "Read a Worker and its addresses",
    result: shown,
    handle: async ({ params }, api, request) => ({ result: await showWorker(api, params.worker_id, request) }),
  }),
  endpoint("put", WORKER, {
    needs: "admin",
    summary: "Replace the settings shared by all versions of a Worker; stored, but without effect",
    body: wanted,
    result: shown,
    handle: async ({ params, body }, api, request) => changed(api, params.worker_id, { ...CLEARED, ...body }, request),
  }),
  endpoint("patch", WORKER, {
    needs: "admin",
    summary: "Change settings shared by all versions of a Worker; omitted settings stay",
    body: change,
    result: shown,
    handle: async ({ params, body }, api, request) => changed(api, params.worker_id, body, request),
  }),
  endpoint("delete", WORKER, {
    needs: "admin",
    summary: "Delete a Worker with its versions; its workflows keep their instances, but cannot start new ones",
    query: z.object({ force: z.string().optional() }),
    handle: ({ params, query }, api) => deleteScript(api, params.worker_id, query.force === "true"),
  }),
];
