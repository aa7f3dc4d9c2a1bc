/** Versions of Workers, as the newer API of the SDK and Terraform has them: uploads are JSON. */
import { z } from "zod";
import { Failure } from "../../../model/failures/failure.ts";
import { LIMITS } from "../../../model/limits.ts";
import { iso } from "../../../model/time/calendar.ts";
import type { ScriptVersionInfo } from "../../../ports/catalog/script-versions.ts";
import { formOf, jsonUpload, modulesOf } from "../../../workers/upload/json-upload.ts";
import { authorOf, unsigned } from "./author.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { pageInfo, pages } from "../workflows/schemas.ts";
import { showBinding } from "./shown.ts";
import { checkWorker } from "../../../workers/versions/scripts.ts";
import { takeInForm } from "./scripts.ts";
import { WORKER } from "./workers.ts";

const shown = z.looseObject({
  id: z.string(),
  number: z.int(),
  created_on: z.iso.datetime(),
  urls: z.array(z.string()),
  bindings: z.array(z.looseObject({ name: z.string(), type: z.string() })),
});

function show(version: ScriptVersionInfo): z.input<typeof shown> {
  const { id, number, createdAt, annotations = {}, bindings, assets, mainModule = "index.js", compatibilityDate } = version;
  return {
    id,
    number,
    created_on: iso(createdAt),
    urls: [],
    author_email: authorOf(annotations),
    author_id: "",
    source: "api",
    annotations: unsigned(annotations),
    bindings: bindings.map(showBinding) as z.input<typeof shown>["bindings"],
    main_module: mainModule,
    ...(compatibilityDate !== undefined && { compatibility_date: compatibilityDate }),
    compatibility_flags: version.compatibilityFlags,
    usage_model: "standard",
    ...(assets !== undefined && { assets: { config: assets.config } }),
  };
}

async function versionOf({ catalog }: Api, worker: string, id: string): Promise<ScriptVersionInfo> {
  const version = await catalog.scriptVersionInfo(id);
  if (version?.script !== worker) throw new Failure("script.version_not_found", { field: "version_id" });
  return version;
}

/** Versions are deleted once nothing needs them; the one in force is not. */
async function checkSpare({ catalog }: Api, worker: string, id: string): Promise<void> {
  const [deployment] = (await catalog.deployments(worker, 0, 1)).items;
  if (deployment?.versionId === id) throw new Failure("script.version_active", { field: "version_id" });
}

const VERSION = `${WORKER}/versions/{version_id}` as const;

/** Versions, by id. */
export const workersVersions: readonly Endpoint[] = [
  endpoint("post", `${WORKER}/versions`, {
    needs: "admin",
    summary: "Upload a version as JSON with its modules in base64; deploy=true activates it",
    query: z.object({ deploy: z.enum(["true", "false"]).optional() }),
    body: jsonUpload,
    maxBody: LIMITS.uploadBodyBytes,
    result: shown,
    handle: async ({ params: { worker_id: worker }, query, body }, api, _, asker) => {
      await checkWorker(api.catalog, worker);
      const { version, startupMs, messages } = await takeInForm(api, worker, formOf(body), query.deploy === "true", asker);
      return { result: { ...show(await versionOf(api, worker, version.id)), startup_time_ms: startupMs }, messages };
    },
  }),
  endpoint("get", `${WORKER}/versions`, {
    summary: "List the versions of a Worker, newest first",
    query: z.object(pages(10)),
    result: z.array(shown),
    handle: async ({ params: { worker_id: worker }, query }, api) => {
      await checkWorker(api.catalog, worker);
      const { page: number, per_page: limit } = query;
      const { items, total } = await api.catalog.scriptVersions(worker, (number - 1) * limit, limit);
      return { result: items.map(show), info: pageInfo(query, items.length, total) };
    },
  }),
  endpoint("get", VERSION, {
    needs: "viewer",
    summary: "Read a version of a Worker; include=modules adds its code",
    query: z.object({ include: z.literal("modules").optional() }),
    result: shown,
    handle: async ({ params, query }, api) => {
      const version = await versionOf(api, params.worker_id, params.version_id);
      if (query.include === undefined) return { result: show(version) };
      const whole = await api.catalog.scriptVersion(version.id);
      return { result: { ...show(version), modules: whole === undefined ? [] : modulesOf(whole) } };
    },
  }),
  endpoint("delete", VERSION, {
    needs: "admin",
    summary: "Discard an inactive version; it is deleted once neither an instance nor a rollback needs it",
    handle: async ({ params: { worker_id: worker, version_id: id } }, api) => {
      await versionOf(api, worker, id);
      await checkSpare(api, worker, id);
    },
  }),
];
