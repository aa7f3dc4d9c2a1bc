/** Event subscriptions: which events of a workflow's instances become messages of which queue. */
import { z } from "zod";
import { NOTICE_EVENTS, type NoticeEvent } from "../../../model/views/notices.ts";
import { iso } from "../../../model/time/calendar.ts";
import type { EventSubscription } from "../../../ports/catalog/subscriptions.ts";
import { noticeEventNamed } from "../../../queues/subscriptions.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { pageReply, pages } from "../workflows/schemas.ts";
import { workflowOf } from "../workflows/workflows.ts";

const SUBSCRIPTIONS = "/accounts/{account_id}/event_subscriptions/subscriptions";
const SUBSCRIPTION = `${SUBSCRIPTIONS}/{subscription_id}` as const;

const name = z.string().min(1).max(255);

const events: z.ZodType<NoticeEvent[]> = z
  .array(
    z.string().transform((text, context): NoticeEvent => {
      const event = noticeEventNamed(text);
      if (event !== undefined) return event;
      context.addIssue({ code: "custom", message: `Allowed events: ${NOTICE_EVENTS.join(", ")}` });
      return z.NEVER;
    }),
  )
  .min(1)
  .transform((all) => [...new Set(all)]);

const source = z.object({
  type: z.literal("workflows.workflow", "The only supported source is workflows.workflow"),
  workflow_name: z.string().min(1),
});

const destination = z.object({ type: z.literal("queues.queue"), queue_id: z.string().min(1) });

const wanted = z.object({ name, enabled: z.boolean().default(true), source, destination, events });

const change = z.object({ name, enabled: z.boolean(), destination, events }).partial();

const shown = z.object({
  id: z.string(),
  created_at: z.iso.datetime(),
  modified_at: z.iso.datetime(),
  name: z.string(),
  enabled: z.boolean(),
  source,
  destination,
  events: z.array(z.enum(NOTICE_EVENTS)),
});

function show(subscription: EventSubscription): z.input<typeof shown> {
  const { id, createdAt, modifiedAt, name: called, isEnabled, workflow, queue, events: of } = subscription;
  return {
    id,
    created_at: iso(createdAt),
    modified_at: iso(modifiedAt),
    name: called,
    enabled: isEnabled,
    source: { type: "workflows.workflow", workflow_name: workflow },
    destination: { type: "queues.queue", queue_id: queue },
    events: [...of],
  };
}

async function create(api: Api, body: z.output<typeof wanted>): Promise<EventSubscription> {
  const workflow = await workflowOf(api, body.source.workflow_name);
  const queue = api.queues.get(body.destination.queue_id);
  const { name: called, enabled: isEnabled, events: of } = body;
  return api.subscriptions.create({ name: called, isEnabled, workflow: workflow.name, queue: queue.id, events: of });
}

/** Subscriptions, by id. */
export const eventSubscriptions: readonly Endpoint[] = [
  endpoint("get", SUBSCRIPTIONS, {
    summary: "List event subscriptions, oldest first, optionally of one queue",
    query: z.object({ ...pages(20), queue_id: z.string().optional() }),
    result: z.array(shown),
    handle: async ({ query }, api) => {
      const all = api.subscriptions.list().filter(({ queue }) => query.queue_id === undefined || queue === query.queue_id);
      return pageReply(all, query, show);
    },
  }),
  endpoint("post", SUBSCRIPTIONS, {
    needs: "admin",
    summary: "Subscribe a queue to the events of a workflow's instances",
    body: wanted,
    result: shown,
    handle: async ({ body }, api) => ({ result: show(await create(api, body)) }),
  }),
  endpoint("get", SUBSCRIPTION, {
    summary: "Read an event subscription",
    result: shown,
    handle: async ({ params }, api) => ({ result: show(api.subscriptions.get(params.subscription_id)) }),
  }),
  endpoint("patch", SUBSCRIPTION, {
    needs: "admin",
    summary: "Change an event subscription; omitted fields stay",
    body: change,
    result: shown,
    handle: async ({ params, body }, api) => {
      const { name: called, enabled, destination: to, events: of } = body;
      const changed = await api.subscriptions.change(params.subscription_id, {
        ...(called !== undefined && { name: called }),
        ...(enabled !== undefined && { isEnabled: enabled }),
        ...(to !== undefined && { queue: api.queues.get(to.queue_id).id }),
        ...(of !== undefined && { events: of }),
      });
      return { result: show(changed) };
    },
  }),
  endpoint("delete", SUBSCRIPTION, {
    needs: "admin",
    summary: "Delete an event subscription",
    result: shown,
    handle: async ({ params }, api) => ({ result: show(await api.subscriptions.remove(params.subscription_id)) }),
  }),
];
