/** Doing something to all instances that match: counted first, followed while it goes on, and stopped when asked to. */
import { z } from "zod";
import { INSTANCE_ACTIONS, type Action, type MatchCount } from "../../engine/contract.ts";
import { failureKind } from "../../model/failures/failure.ts";
import { iso, isoOrNull } from "../../model/time/calendar.ts";
import { endpoint, type Endpoint } from "../endpoint/endpoint.ts";
import { FILTER, showFilter, toFilter } from "../cloudflare/workflows/filter.ts";
import { timestamp } from "../cloudflare/workflows/schemas.ts";
import { workflowOf } from "../cloudflare/workflows/workflows.ts";

const body = z.object({
  action: z.enum(INSTANCE_ACTIONS),
  /** Empty for every instance of the workflow. */
  filter: z.strictObject(FILTER),
  dry_run: z.boolean().default(false),
});

const total = z.object({ count: z.int(), at_least: z.boolean() });

const action = z.object({
  id: z.string(),
  action: z.enum(INSTANCE_ACTIONS),
  filter: z.record(z.string(), z.string()),
  /** Those that matched when it began. */
  total,
  state: z.enum(["running", "done", "stopped", "failed"]),
  done: z.int(),
  /** Instances that were passed over, by the reason. */
  refused: z.array(z.object({ code: z.int(), message: z.string(), count: z.int() })),
  started_on: timestamp,
  ended_on: timestamp.nullable(),
});

/** `action` is null for a dry run, which has done nothing but count. */
const begun = z.object({ total, action: action.nullable() });

const COLLECTION = "/workflows/{workflow_name}/instances/actions";

export const actions: readonly Endpoint[] = [
  endpoint("post", COLLECTION, {
    summary: "Pause, resume, restart, terminate or delete all matching instances in the background, or only count them",
    body,
    result: begun,
    handle: async ({ params, body: asked }, api) => {
      const { name } = await workflowOf(api, params.workflow_name);
      const filter = toFilter(name, asked.filter);
      if (asked.dry_run) return { result: { total: showTotal(await api.engine.count(filter)), action: null } };
      const started = await api.engine.startBulkAction(asked.action, filter);
      return { result: { total: showTotal(started.total), action: show(started) } };
    },
  }),
  endpoint("get", COLLECTION, {
    summary: "List the bulk actions of a workflow, newest first: running ones and recent finished ones",
    result: z.array(action),
    handle: async ({ params }, api) => {
      const { name } = await workflowOf(api, params.workflow_name);
      return { result: api.engine.actions(name).map(show) };
    },
  }),
  endpoint("get", `${COLLECTION}/{action_id}`, {
    summary: "Read the progress of a bulk action",
    result: action,
    handle: async ({ params }, api) => ({ result: show(api.engine.action(params.workflow_name, params.action_id)) }),
  }),
  endpoint("delete", `${COLLECTION}/{action_id}`, {
    summary: "Cancel a bulk action; instances not yet reached stay unchanged",
    result: action,
    handle: async ({ params }, api) => ({ result: show(api.engine.stopAction(params.workflow_name, params.action_id)) }),
  }),
];

function showTotal({ count, isExact }: MatchCount): z.input<typeof total> {
  return { count, at_least: !isExact };
}

function show({ id, action: verb, filter, total: matched, state, done, refused, startedAt, endedAt }: Action): object {
  return {
    id,
    action: verb,
    filter: showFilter(filter),
    total: showTotal(matched),
    state,
    done,
    refused: refused.map(([failure, count]) => {
      const { code, sentence } = failureKind(failure);
      return { code, message: sentence, count };
    }),
    started_on: iso(startedAt),
    ended_on: isoOrNull(endedAt),
  };
}
