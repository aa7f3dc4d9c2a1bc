/** Workflows: list, read, put and delete them; and the defaults of the account. */
import { z } from "zod";
import { boundaryAfter } from "../../../model/time/cron.ts";
import { ACCOUNT_SETTINGS, accountSettings, readAccountSettings, type AccountSettings } from "../../../engine/state/policies.ts";
import { Failure } from "../../../model/failures/failure.ts";
import type { Retention } from "../../../model/instance/events.ts";
import { LIMITS } from "../../../model/limits.ts";
import { INSTANCE_STATUSES } from "../../../model/instance/status.ts";
import { iso } from "../../../model/time/calendar.ts";
import type { Workflow, WorkflowSettings } from "../../../ports/catalog/workflows.ts";
import { putWorkflow } from "../../../workers/deploy/put-workflow.ts";
import { JURISDICTIONS, keptFor, SETTINGS, settingsOf } from "../../../workers/upload/workflow-settings.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { pageInfo, showRetention, shownRetention, timestamp, pages } from "./schemas.ts";

const shown = z.object({
  id: z.string(),
  name: z.string(),
  class_name: z.string(),
  script_name: z.string(),
  created_on: timestamp,
  modified_on: timestamp,
  triggered_on: timestamp.nullable(),
  instances: z.record(z.enum(INSTANCE_STATUSES), z.number()),
  /** Absent when there are none: Terraform would find a list that it did not ask for, each time anew. */
  schedules: z.array(z.object({ cron: z.string(), next_instance: timestamp })).optional(),
  /** Absent when the workflow was never given one. */
  jurisdiction: z.enum(JURISDICTIONS).optional(),
  script_deleted: z.boolean(),
});

const put = z.object({
  class_name: z.string().min(1).max(LIMITS.scriptName),
  script_name: z.string().min(1).max(LIMITS.scriptName),
  ...SETTINGS,
});

const putShown = shown.omit({ instances: true, schedules: true, script_deleted: true }).extend({
  version_id: z.string(),
  is_deleted: z.number(),
  terminator_running: z.number(),
});

/** A part that is absent stays as it is; null takes it back. */
const settings = z.object({
  default_retention: z.object({ error_retention: keptFor.nullish(), success_retention: keptFor.nullish() }).nullish(),
});

const settingsShown = z.object({ default_retention: shownRetention.optional() });

/** What the account says of retention after a change. */
function changedRetention(before: Retention, change: z.output<typeof settings>["default_retention"]): Retention {
  if (change === null) return {};
  const { error_retention: errorMs = before.errorMs, success_retention: successMs = before.successMs } = change ?? {};
  return { ...(typeof errorMs === "number" && { errorMs }), ...(typeof successMs === "number" && { successMs }) };
}

function showSettings({ default_retention: set }: AccountSettings): object {
  return set === undefined ? {} : { default_retention: showRetention(set) };
}

async function showWorkflow({ store, catalog, clock }: Api, workflow: Workflow): Promise<object> {
  const counts = await store.statusCounts(workflow.name);
  const deleted = (await catalog.activeScript(workflow.script)) === undefined;
  const set = await newestSettings(catalog, workflow);
  const schedules = deleted ? [] : showSchedules(set, clock.now());
  return {
    ...(await showIdentity({ store }, workflow, set)),
    instances: Object.fromEntries(INSTANCE_STATUSES.map((each) => [each, counts[each] ?? 0])),
    ...(schedules.length > 0 && { schedules }),
    script_deleted: deleted,
  };
}

function showSchedules({ schedules = [] }: WorkflowSettings, now: number): object[] {
  return schedules.flatMap(({ cron }) => {
    const next = boundaryAfter(cron, now);
    return next === undefined ? [] : [{ cron, next_instance: iso(next) }];
  });
}

async function newestSettings(catalog: Api["catalog"], { versionId }: Workflow): Promise<WorkflowSettings> {
  return (await catalog.workflowVersion(versionId))?.settings ?? {};
}

async function showIdentity(
  { store }: Pick<Api, "store">,
  workflow: Workflow,
  { jurisdiction }: WorkflowSettings,
): Promise<object> {
  const { id, name, className, script, createdAt, modifiedAt } = workflow;
  const [last] = await store.list({ workflow: name, direction: "desc", limit: 1 });
  return {
    id,
    name,
    class_name: className,
    script_name: script,
    created_on: iso(createdAt),
    modified_on: iso(modifiedAt),
    triggered_on: last === undefined ? null : iso(last.createdAt),
    ...(jurisdiction !== undefined && { jurisdiction }),
  };
}

/** The workflow of this name. Fails with `workflow.not_found`. */
export async function workflowOf({ catalog }: Pick<Api, "catalog">, name: string): Promise<Workflow> {
  const workflow = await catalog.workflow(name);
  if (workflow === undefined) throw new Failure("workflow.not_found", { field: "workflow_name" });
  return workflow;
}

/** `settings` comes before the names that it could be mistaken for. */
export const workflows: readonly Endpoint[] = [
  endpoint("get", "/accounts/{account_id}/workflows/settings", {
    summary: "Read the defaults of the account",
    result: settingsShown,
    handle: async (_, api) => ({ result: showSettings(await accountSettings(api.catalog)) }),
  }),
  endpoint("patch", "/accounts/{account_id}/workflows/settings", {
    needs: "admin",
    summary: "Change the defaults of the account; null removes one",
    body: settings,
    result: settingsShown,
    handle: async ({ body }, api) => {
      let merged: AccountSettings = {};
      await api.catalog.changeSetting(ACCOUNT_SETTINGS, (json) => {
        const kept = changedRetention(readAccountSettings(json).default_retention ?? {}, body.default_retention);
        merged = Object.keys(kept).length === 0 ? {} : { default_retention: kept };
        return JSON.stringify(merged);
      });
      return { result: showSettings(merged) };
    },
  }),
  endpoint("get", "/accounts/{account_id}/workflows", {
    summary: "List workflows, newest first",
    query: z.object({ ...pages(10), search: z.string().min(1).max(LIMITS.workflowName).optional() }),
    result: z.array(shown),
    handle: async ({ query }, api) => {
      const { search, page: number, per_page: limit } = query;
      const slice = await api.catalog.workflows({ offset: (number - 1) * limit, limit, ...(search !== undefined && { search }) });
      const result = await Promise.all(slice.items.map((each) => showWorkflow(api, each)));
      return { result, info: pageInfo(query, result.length, slice.total) };
    },
  }),
  endpoint("get", "/accounts/{account_id}/workflows/{workflow_name}", {
    summary: "Read a workflow",
    result: shown,
    handle: async ({ params }, api) => ({ result: await showWorkflow(api, await workflowOf(api, params.workflow_name)) }),
  }),
  endpoint("put", "/accounts/{account_id}/workflows/{workflow_name}", {
    needs: "admin",
    summary: "Create or change a workflow; each change creates a version",
    body: put,
    result: putShown,
    handle: async ({ params, body }, api) => {
      const { class_name: className, script_name: script } = body;
      const workflow = await putWorkflow(api.catalog, { name: params.workflow_name, className, script }, settingsOf(body));
      const flags = { is_deleted: 0, terminator_running: api.engine.terminatingAll(workflow.name) ? 1 : 0 };
      const identity = await showIdentity(api, workflow, await newestSettings(api.catalog, workflow));
      return { result: { ...identity, version_id: workflow.versionId, ...flags } };
    },
  }),
  endpoint("delete", "/accounts/{account_id}/workflows/{workflow_name}", {
    needs: "admin",
    summary: "Delete a workflow; its instances are deleted in the background, its Worker stays",
    result: z.object({ status: z.literal("ok"), success: z.literal(true) }),
    handle: async ({ params }, api) => {
      if (!(await api.catalog.removeWorkflow(params.workflow_name)))
        throw new Failure("workflow.not_found", { field: "workflow_name" });
      api.engine.removeAll(params.workflow_name);
      return { result: { status: "ok", success: true } };
    },
  }),
];
