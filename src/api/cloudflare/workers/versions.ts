/** Versions of a script, and the deployments that say which one counts. */
import { z } from "zod";
import { Failure } from "../../../model/failures/failure.ts";
import { LIMITS } from "../../../model/limits.ts";
import type { Principal } from "../../../model/platform/roles.ts";
import { iso } from "../../../model/time/calendar.ts";
import type { Deployment } from "../../../ports/catalog/deployments.ts";
import { changeSecrets } from "../../../workers/deploy/change-secrets.ts";
import { deployVersion } from "../../../workers/deploy/deploy-version.ts";
import { newestVersion } from "../../../workers/versions/scripts.ts";
import { authorOf, signed, unsigned } from "./author.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { pageInfo, pages } from "../workflows/schemas.ts";
import { annotations, anything, SCRIPT, shownVersion, showVersion } from "./shown.ts";
import { upload } from "./scripts.ts";

const deploying = z.object({
  strategy: z.literal("percentage", "The only strategy is percentage").default("percentage"),
  versions: z.array(z.object({ version_id: z.string(), percentage: z.number() })).min(1),
  annotations,
});

const shownDeployment = z.looseObject({
  id: z.string(),
  created_on: z.iso.datetime(),
  versions: z.array(z.object({ version_id: z.string(), percentage: z.literal(100) })),
});

function showDeployment({ id, versionId, createdAt, annotations: remarks }: Deployment): z.input<typeof shownDeployment> {
  return {
    id,
    source: "wrangler",
    strategy: "percentage",
    author_email: authorOf(remarks),
    created_on: iso(createdAt),
    annotations: unsigned(remarks),
    versions: [{ version_id: versionId, percentage: 100 }],
  };
}

async function deploy(api: Api, script: string, body: z.output<typeof deploying>, asker: Principal): Promise<object> {
  const [chosen, ...others] = body.versions.filter(({ percentage }) => percentage !== 0);
  if (chosen === undefined || others.length > 0 || chosen.percentage !== 100)
    throw new Failure("script.split", { field: "versions" });
  return deployVersion(api.catalog, script, chosen.version_id, signed(body.annotations, asker));
}

const secretChanges = z.object({
  env: z.record(z.string().min(1), z.object({ type: z.literal("secret_text"), text: z.string() }).nullable()),
  annotations,
});

/** Versions and deployments. */
export const scriptsVersions: readonly Endpoint[] = [
  endpoint("post", `${SCRIPT}/versions`, {
    needs: "admin",
    summary: "Upload a version from a multipart form of metadata and modules, without deploying it",
    maxBody: LIMITS.uploadBodyBytes,
    result: shownVersion,
    handle: async ({ params: { script_name: script }, sent }, api, _, asker) => {
      const { version, startupMs, messages } = await upload(api, script, sent, false, asker);
      const info = await api.catalog.scriptVersionInfo(version.id);
      return { result: { ...(info && showVersion(info)), startup_time_ms: startupMs }, messages };
    },
  }),
  endpoint("get", `${SCRIPT}/versions`, {
    summary: "List the versions of a script, newest first",
    query: z.object({ ...pages(LIMITS.page), deployable: z.string().optional() }),
    result: z.object({ items: z.array(shownVersion) }),
    handle: async ({ params: { script_name: script }, query }, api) => {
      await newestVersion(api.catalog, script);
      const { page: number, per_page: limit } = query;
      const { items, total } = await api.catalog.scriptVersions(script, (number - 1) * limit, limit);
      return { result: { items: items.map(showVersion) }, info: pageInfo(query, items.length, total) };
    },
  }),
  endpoint("get", `${SCRIPT}/versions/{version_id}`, {
    summary: "Read a version of a script",
    result: shownVersion,
    handle: async ({ params: { script_name: script, version_id: id } }, { catalog }) => {
      const version = await catalog.scriptVersionInfo(id);
      if (version?.script !== script) throw new Failure("script.version_not_found", { field: "version_id" });
      return { result: showVersion(version) };
    },
  }),
  endpoint("patch", "/accounts/{account_id}/workers/workers/{script_name}/versions/latest", {
    needs: "admin",
    summary: "Create a version from the newest with other secrets, without deploying it",
    body: secretChanges,
    maxBody: LIMITS.valueBodyBytes,
    result: shownVersion,
    handle: async ({ params: { script_name: script }, body }, api, _, asker) => {
      const changes = Object.fromEntries(Object.entries(body.env).map(([name, secret]) => [name, secret?.text ?? null]));
      const annotations = signed(body.annotations, asker);
      const { id } = await changeSecrets(api.publisher, { script, changes, annotations, isDeployed: false });
      const info = await api.catalog.scriptVersionInfo(id);
      return { result: info && showVersion(info) };
    },
  }),
  endpoint("post", `${SCRIPT}/deployments`, {
    needs: "admin",
    summary: "Deploy a version for new instances; started instances stay on their version",
    query: z.object({ force: z.string().optional() }),
    body: deploying,
    result: anything,
    handle: async ({ params, body }, api, _, asker) => ({ result: await deploy(api, params.script_name, body, asker) }),
  }),
  endpoint("get", `${SCRIPT}/deployments`, {
    summary: "List the deployments of a script, newest first; the first is active",
    result: z.object({ deployments: z.array(shownDeployment) }),
    handle: async ({ params: { script_name: script } }, api) => {
      await newestVersion(api.catalog, script);
      const { items } = await api.catalog.deployments(script, 0, LIMITS.page);
      return { result: { deployments: items.map(showDeployment) } };
    },
  }),
];
