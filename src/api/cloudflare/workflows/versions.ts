/** The versions of a workflow. */
import { z } from "zod";
import { Failure } from "../../../model/failures/failure.ts";
import { iso } from "../../../model/time/calendar.ts";
import type { Workflow, WorkflowVersion } from "../../../ports/catalog/workflows.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { open } from "../../endpoint/payload.ts";
import { pageInfo, showRetention, shownRetention, timestamp, pages } from "./schemas.ts";
import { shownGraph } from "../../../workers/graph/nodes.ts";
import { workflowOf } from "./workflows.ts";

/** What every answer about a version begins with. */
const versionHead = z.object({
  id: z.string(),
  workflow_id: z.string(),
  class_name: z.string(),
  created_on: timestamp,
  modified_on: timestamp,
});

const shown = versionHead.extend({
  has_dag: z.boolean(),
  language: z.enum(["javascript", "python"]),
  limits: z.object({ steps: z.int().optional() }).optional(),
  concurrency: z.object({ limit: z.int().optional() }).optional(),
  default_retention: shownRetention.optional(),
});

const VERSIONS = "/accounts/{account_id}/workflows/{workflow_name}/versions";

/** The versions of a workflow: what an instance is pinned to. */
export const versions: readonly Endpoint[] = [
  endpoint("get", VERSIONS, {
    summary: "List the versions of a workflow, newest first",
    query: z.object(pages(50)),
    result: z.array(shown),
    handle: async ({ params, query }, api) => {
      const workflow = await workflowOf(api, params.workflow_name);
      const { page: number, per_page: limit } = query;
      const { items, total } = await api.catalog.workflowVersions(workflow.name, (number - 1) * limit, limit);
      return { result: items.map((each) => show(workflow, each)), info: pageInfo(query, items.length, total) };
    },
  }),
  endpoint("get", `${VERSIONS}/{version_id}`, {
    summary: "Read a version of a workflow",
    result: shown,
    handle: async ({ params }, api) => {
      const { workflow, version } = await versionOf(api, params);
      return { result: show(workflow, version) };
    },
  }),
  endpoint("get", `${VERSIONS}/{version_id}/graph`, {
    summary: "Read the graph of a version's code, or null if it could not be drawn",
    result: versionHead.extend({ graph: open(shownGraph).nullable() }),
    handle: async ({ params }, api) => {
      const { workflow, version } = await versionOf(api, params);
      return { result: { ...identity(workflow, version), graph: await graphOf(api, version) } };
    },
  }),
  endpoint("get", `${VERSIONS}/{version_id}/dag`, {
    summary: "Read the graph of a version in the older format",
    result: versionHead.extend({ dag: open(shownGraph).nullable() }),
    handle: async ({ params }, api) => {
      const { workflow, version } = await versionOf(api, params);
      return { result: { ...identity(workflow, version), dag: await graphOf(api, version) } };
    },
  }),
];

async function versionOf(
  api: Api,
  { workflow_name: name, version_id: id }: { readonly workflow_name: string; readonly version_id: string },
): Promise<{ workflow: Workflow; version: WorkflowVersion }> {
  const workflow = await workflowOf(api, name);
  const version = await api.catalog.workflowVersion(id);
  if (version?.workflow !== workflow.name) throw new Failure("version.not_found", { field: "version_id" });
  return { workflow, version };
}

async function graphOf({ catalog }: Api, { id, hasGraph }: WorkflowVersion): Promise<unknown> {
  const text = hasGraph ? await catalog.workflowGraph(id) : undefined;
  return text === undefined ? null : (JSON.parse(text) as unknown);
}

function identity(workflow: Workflow, { id, className, createdAt }: WorkflowVersion): z.input<typeof versionHead> {
  return {
    id,
    workflow_id: workflow.id,
    class_name: className,
    created_on: iso(createdAt),
    modified_on: iso(createdAt),
  };
}

function show(workflow: Workflow, version: WorkflowVersion): z.input<typeof shown> {
  const { settings, hasGraph } = version;
  const kept = showRetention(settings.defaultRetention);
  return {
    ...identity(workflow, version),
    has_dag: hasGraph,
    language: "javascript",
    ...(settings.limits && { limits: settings.limits }),
    ...(settings.concurrency && { concurrency: settings.concurrency }),
    ...(kept && { default_retention: kept }),
  };
}
