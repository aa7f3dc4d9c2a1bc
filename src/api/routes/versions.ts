/** The versions of a workflow. */
import { z } from "zod";
import { Failure } from "../../model/errors.ts";
import { iso } from "../../model/time.ts";
import type { Workflow, WorkflowVersion } from "../../ports/catalog.ts";
import { endpoint, type Endpoint } from "../endpoint.ts";
import { page, pageInfo, perPage, showRetention, shownRetention, timestamp } from "../schemas.ts";
import { workflowOf } from "./workflows.ts";

const shown = z.object({
  id: z.string(),
  workflow_id: z.string(),
  class_name: z.string(),
  created_on: timestamp,
  modified_on: timestamp,
  has_dag: z.boolean(),
  language: z.enum(["javascript", "python"]),
  limits: z.object({ steps: z.int().optional() }).optional(),
  concurrency: z.object({ limit: z.int().optional() }).optional(),
  default_retention: shownRetention.optional(),
});

const VERSIONS = "/accounts/{account_id}/workflows/{workflow_name}/versions";

/** The versions of a workflow: what an instance is pinned to. */
export const versions: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: VERSIONS,
    summary: "List the versions of a workflow, newest first",
    query: z.object({ page: page.default(1), per_page: perPage(50) }),
    result: z.array(shown),
    handle: async ({ params, query }, api) => {
      const workflow = await workflowOf(api, params.workflow_name);
      const { page: number, per_page: limit } = query;
      const { items, total } = await api.catalog.workflowVersions(workflow.name, (number - 1) * limit, limit);
      return { result: items.map((each) => show(workflow, each)), info: pageInfo(query, items.length, total) };
    },
  }),
  endpoint({
    method: "get",
    path: `${VERSIONS}/{version_id}`,
    summary: "Read a version of a workflow",
    result: shown,
    handle: async ({ params }, api) => {
      const workflow = await workflowOf(api, params.workflow_name);
      const version = await api.catalog.workflowVersion(params.version_id);
      if (version?.workflow !== workflow.name) throw new Failure("version.not_found", { field: "version_id" });
      return { result: show(workflow, version) };
    },
  }),
];

function show(workflow: Workflow, { id, className, createdAt, settings }: WorkflowVersion): z.input<typeof shown> {
  const kept = showRetention(settings.defaultRetention);
  return {
    id,
    workflow_id: workflow.id,
    class_name: className,
    created_on: iso(createdAt),
    modified_on: iso(createdAt),
    has_dag: false,
    language: "javascript",
    ...(settings.limits && { limits: settings.limits }),
    ...(settings.concurrency && { concurrency: settings.concurrency }),
    ...(kept && { default_retention: kept }),
  };
}
