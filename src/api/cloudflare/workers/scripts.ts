/** Scripts: upload, look for, list and delete them. The requests are those of `wrangler deploy` and `wrangler delete`. */
import { z } from "zod";
import { Failure } from "../../../model/failures/failure.ts";
import { LIMITS } from "../../../model/limits.ts";
import type { Principal } from "../../../model/platform/roles.ts";
import { iso } from "../../../model/time/calendar.ts";
import type { ScriptVersion } from "../../../ports/catalog/script-versions.ts";
import { deleteScript } from "../../../workers/deploy/delete-script.ts";
import { takeIn } from "../../../workers/deploy/upload.ts";
import { sentAssets } from "./assets.ts";
import { activeVersion, newestVersion } from "../../../workers/versions/scripts.ts";
import { readUpload } from "../../../workers/upload/upload.ts";
import type { RequestBody } from "../../endpoint/body.ts";
import { authorOf, signed } from "./author.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { deployMessages, type Message } from "../../endpoint/envelope.ts";
import { anything, checkScriptName, handlersOf, SCRIPT } from "./shown.ts";

const SERVICE = "/accounts/{account_id}/workers/services/{script_name}";

const forced = z.object({ force: z.string().optional() });

const shownUpload = z.looseObject({ id: z.string(), deployment_id: z.string(), startup_time_ms: z.int() });

/** A version that was taken in. */
export interface Uploaded {
  readonly version: ScriptVersion;
  readonly startupMs: number;
  readonly messages: readonly Message[];
}

/** Takes an upload in. Scripts that are to be deployed are made; otherwise there has to be one. */
export async function upload(
  api: Api,
  script: string,
  sent: RequestBody,
  isDeployed: boolean,
  asker: Principal,
): Promise<Uploaded> {
  checkScriptName(script);
  if (!isDeployed) await newestVersion(api.catalog, script);
  const form = await sent.form("Not a multipart form of metadata and modules, as `wrangler deploy` sends it");
  return takeInForm(api, script, form, isDeployed, asker);
}

/** As `upload`, of a form that has arrived. */
export async function takeInForm(
  api: Api,
  script: string,
  form: FormData,
  isDeployed: boolean,
  asker: Principal,
): Promise<Uploaded> {
  const { metadata, code } = await readUpload(form);
  const upload = { code, metadata: { ...metadata, annotations: signed(metadata.annotations, asker) } };
  const start = api.clock.now();
  const { version, remarks } = await takeIn(api, { script, upload, assets: sentAssets(api, metadata), isDeployed });
  const startupMs = api.clock.now() - start;
  for (const remark of remarks) api.log.warn(remark, { script });
  return { version, startupMs, messages: deployMessages(remarks) };
}

async function showScript(api: Api, script: string): Promise<object> {
  const version = await activeVersion(api.catalog, script);
  const first = (await api.catalog.scriptVersions(script, version.number - 1, 1)).items[0] ?? version;
  const { tags = [] } = await api.catalog.scriptSettings(script);
  const { tag: migrationTag } = await api.catalog.objectClasses(script);
  return {
    id: script,
    ...(migrationTag !== undefined && { migration_tag: migrationTag }),
    tag: tagOf(script),
    tags,
    etag: version.hash,
    handlers: handlersOf(version),
    last_deployed_from: "wrangler",
    modified_on: iso(version.createdAt),
    created_on: iso(first.createdAt),
    usage_model: "standard",
    compatibility_flags: version.compatibilityFlags,
    ...(version.compatibilityDate !== undefined && { compatibility_date: version.compatibilityDate }),
  };
}

/** Clients tell scripts apart by it. Here the name does that. */
function tagOf(script: string): string {
  return Buffer.from(script).toString("hex").padEnd(32, "0").slice(0, 32);
}

/** Scripts as a whole. */
export const scripts: readonly Endpoint[] = [
  endpoint("get", "/accounts/{account_id}/workers/scripts", {
    summary: "List scripts",
    result: z.array(anything),
    handle: async (_, api) => {
      const names = await api.catalog.scriptNames();
      const shown = await Promise.all(names.map((name) => showScript(api, name).catch(() => undefined)));
      return { result: shown.filter((each) => each !== undefined) };
    },
  }),
  endpoint("put", SCRIPT, {
    needs: "admin",
    summary: "Deploy a script from a multipart form of metadata and modules",
    maxBody: LIMITS.uploadBodyBytes,
    result: shownUpload,
    handle: async ({ params: { script_name: script }, sent }, api, _, asker) => {
      const { version, startupMs, messages } = await upload(api, script, sent, true, asker);
      const shown = await showScript(api, script);
      const author = authorOf(version.annotations);
      const result = { ...shown, deployment_id: version.id, startup_time_ms: startupMs, author_email: author };
      return { result, messages };
    },
  }),
  ...([SCRIPT, SERVICE] as const).map((path) =>
    endpoint("delete", path, {
      needs: "admin",
      summary: "Delete a script; its workflows keep their instances, but cannot start new ones",
      query: forced,
      handle: ({ params, query }, api) => deleteScript(api, params.script_name, query.force === "true"),
    }),
  ),
  endpoint("get", SERVICE, {
    summary: "Check whether a script exists",
    result: anything,
    handle: async ({ params: { script_name: script } }, api) => {
      const shown = await showScript(api, script).catch((cause: unknown) => {
        throw cause instanceof Failure ? new Failure("script.environment_not_found", { field: "script_name" }) : cause;
      });
      return { result: { id: script, default_environment: { environment: "production", script: shown } } };
    },
  }),
];
