/**
 * The API of Cloudflare's local explorer, which `wrangler workflows … --local` speaks: fewer fields than REST, other
 * names, errors of its own. The same engine answers.
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "zod";
import { LIMITS } from "../../model/limits.ts";
import { INSTANCE_STATUSES } from "../../model/instance/status.ts";
import { iso } from "../../model/time/calendar.ts";
import type { Workflow } from "../../ports/catalog/workflows.ts";
import { endpoint, mount, type Api, type Endpoint } from "../endpoint/endpoint.ts";
import { explorerFailure } from "../endpoint/envelope.ts";
import { addressOf, type Change, changeStatus, readLog, shownLog } from "../cloudflare/workflows/instance.ts";
import { createOne, deleteInstances, removeOne } from "../cloudflare/workflows/instances.ts";
import { workflowOf } from "../cloudflare/workflows/workflows.ts";
import { encodeField } from "../cloudflare/workflows/values.ts";
import { instant, restartFrom, status, timestamp, pages } from "../cloudflare/workflows/schemas.ts";
import { toFilter } from "../cloudflare/workflows/filter.ts";

/** The local engine knows no rollback status. */
const COUNTED = INSTANCE_STATUSES.filter((each) => each !== "rollingBack");

const identified = z.object({ name: z.string(), class_name: z.string(), script_name: z.string() });

const done = z.object({ success: z.literal(true) });

const DONE = { result: { success: true } } as const;

const WORKFLOW = "/workflows/{workflow_name}";
const INSTANCES = `${WORKFLOW}/instances` as const;
const INSTANCE = `${INSTANCES}/{instance_id}` as const;

/** `action` is what wrangler sent until the autumn of 2026, `status` what it sends since. */
const change = z
  .object({
    action: z.enum(["pause", "resume", "restart", "terminate"]).optional(),
    status: z.enum(["pause", "resume", "restart", "terminate"]).optional(),
    rollback: z.boolean().optional(),
    from: restartFrom.nullish(),
  })
  .transform(({ status, action, rollback, from }, context): Change => {
    const verb = status ?? action;
    if (verb === "terminate") return { status: verb, rollback };
    if (verb === "restart") return { status: verb, from };
    if (verb !== undefined) return { status: verb };
    context.addIssue({ code: "custom", path: ["status"], message: "Must be pause, resume, restart or terminate" });
    return z.NEVER;
  });

function identity({ name, className, script }: Workflow): object {
  return { name, class_name: className, script_name: script };
}

async function counts({ store }: Api, workflow: string): Promise<Record<string, number>> {
  const found = await store.statusCounts(workflow);
  return Object.fromEntries(COUNTED.map((each) => [each, found[each] ?? 0]));
}

const workflows: readonly Endpoint[] = [
  endpoint("get", "/workflows", {
    summary: "List workflows",
    result: z.array(identified),
    handle: async (_, api) => {
      const { items, total } = await api.catalog.workflows({ offset: 0, limit: 1_000 });
      return { result: items.map(identity), info: { count: items.length, per_page: 1_000, total_count: total } };
    },
  }),
  endpoint("get", WORKFLOW, {
    summary: "Read a workflow",
    result: identified.extend({ instances: z.record(z.string(), z.int()) }),
    handle: async ({ params }, api) => {
      const workflow = await workflowOf(api, params.workflow_name);
      return { result: { ...identity(workflow), instances: await counts(api, workflow.name) } };
    },
  }),
  endpoint("delete", WORKFLOW, {
    needs: "admin",
    summary: "Delete the instances of a workflow, in the background",
    result: z.unknown(),
    handle: async ({ params }, api) => {
      const { name } = await workflowOf(api, params.workflow_name);
      api.engine.removeAll(name);
      return { result: { status: "ok", success: true } };
    },
  }),
];

const instances: readonly Endpoint[] = [
  endpoint("get", INSTANCES, {
    summary: "List instances, newest first",
    query: z.object({
      ...pages(25),
      status: status.optional(),
      date_start: instant.optional(),
      date_end: instant.optional(),
    }),
    result: z.array(z.object({ id: z.string(), status, created_on: timestamp })),
    handle: async ({ params, query }, api) => {
      const { name } = await workflowOf(api, params.workflow_name);
      const filter = toFilter(name, query);
      const offset = (query.page - 1) * query.per_page;
      const items = await api.store.list({ ...filter, direction: "desc", limit: query.per_page, offset });
      const total = await api.store.count(filter, 10_000);
      const result = items.map(({ id, status: current, createdAt }) => ({ id, status: current, created_on: iso(createdAt) }));
      const pages = Math.max(1, Math.ceil(total / query.per_page));
      const info = { count: items.length, page: query.page, per_page: query.per_page, total_count: total, total_pages: pages };
      return { result, info: { ...info, status_counts: await counts(api, name) } };
    },
  }),
  endpoint("post", INSTANCES, {
    summary: "Create an instance",
    body: z.object({ id: z.string().optional(), params: z.unknown().optional() }),
    takesValues: true,
    maxBody: LIMITS.valueBodyBytes,
    admit: ({ workflow_name: workflow }, { engine }) => engine.admit(workflow),
    result: z.object({ id: z.string() }),
    handle: async ({ params: { workflow_name: workflow }, body: { id, params } }, api) => {
      const request = { ...(id !== undefined && { id }), ...(params !== undefined && { params: encodeField("params", params) }) };
      const { id: made } = await createOne(api.engine, workflow, request, "api");
      return { result: { id: made } };
    },
  }),
  endpoint("post", `${INSTANCES}/batch/delete`, {
    summary: "Delete instances",
    body: z.object({ instances: z.array(z.string()).min(1).max(100) }),
    result: z.unknown(),
    handle: async ({ params, body }, api) => {
      const { name } = await workflowOf(api, params.workflow_name);
      return { result: await deleteInstances(api, name, body.instances) };
    },
  }),
];

const instance: readonly Endpoint[] = [
  endpoint("get", INSTANCE, {
    summary: "Read an instance",
    result: shownLog,
    handle: async ({ params }, api) => {
      const log = await readLog(api, await addressOf(api, params), true);
      const { status: current, params: payload, queued, start, end, output, error, steps } = log;
      return { result: { status: current, params: payload, queued, start, end, output, error, steps, step_count: steps.length } };
    },
  }),
  endpoint("delete", INSTANCE, {
    summary: "Delete an instance",
    result: done,
    handle: async ({ params }, api) => {
      await removeOne(api.engine, await addressOf(api, params));
      return DONE;
    },
  }),
  endpoint("patch", `${INSTANCE}/status`, {
    summary: "Pause, resume, restart or terminate an instance",
    body: change,
    action: ({ status: verb }) => `workflows.instances.${verb}`,
    result: done,
    handle: async ({ params, body }, api) => {
      await changeStatus(api, await addressOf(api, params), body);
      return DONE;
    },
  }),
  endpoint("post", `${INSTANCE}/events/{event_type}`, {
    action: () => "workflows.instances.send-event",
    summary: "Send an event",
    body: z.unknown(),
    takesValues: true,
    maxBody: LIMITS.valueBodyBytes,
    result: done,
    handle: async ({ params, body }, api) => {
      await api.engine.sendEvent(await addressOf(api, params), params.event_type, encodeField("body", body));
      return DONE;
    },
  }),
];

/** All of them. */
export const EXPLORER_ENDPOINTS: readonly Endpoint[] = [...workflows, ...instances, ...instance];

/** The routes, below the explorer's prefix, and their description at its root. */
export function explorerApi(api: Api): OpenAPIHono {
  const app = new OpenAPIHono();
  mount(app, api, EXPLORER_ENDPOINTS, (failure, about) => explorerFailure(failure, about));
  app.doc31("/", { openapi: "3.1.0", info: { title: "stepwell local explorer API", version: "4.0.0" } });
  return app;
}
