/**
 * Events as they happen, over a WebSocket as on Cloudflare, or as server-sent events. Of an instance: first what has been,
 * then what comes, until the event that ends it. Of a workflow: what comes, for dashboards that show all of its instances.
 */
import { z } from "zod";
import type { WorkflowNews } from "../../../engine/contract.ts";
import { Failure } from "../../../model/failures/failure.ts";
import type { PublicEvent } from "../../../model/views/public-event.ts";
import { PUBLIC_EVENT_TYPES } from "../../../model/instance/event-kinds.ts";
import type { Principal } from "../../../model/platform/roles.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { socketResponse, streamResponse, wantsSocket, wantsStream, type Message } from "../../endpoint/event-stream.ts";
import { open, payload, withoutPayloads } from "../../endpoint/payload.ts";
import { errorInfo } from "./schemas.ts";
import { filterOf, subscription } from "./subscription.ts";
import { workflowOf } from "./workflows.ts";
import { addressOf } from "./instance.ts";

const eventType = z.string().refine((type) => PUBLIC_EVENT_TYPES.has(type), "Unknown event type");

const filter = z.union([eventType.transform((one) => [one]), z.array(eventType)]).optional();

const cursor = z.coerce.number().int().min(0);

/** One frame of a WebSocket, or the `data` of one server-sent event. Further fields depend on `type`. */
const message = z.looseObject({
  type: z.enum([...PUBLIC_EVENT_TYPES, "lagged"]),
  instanceId: z.string().optional(),
  eventId: z.int().optional(),
  timestamp: z.int().optional(),
  stepName: z.string().optional(),
  attempt: z.int().optional(),
  config: open(z.unknown()).optional(),
  error: errorInfo.optional(),
  retryDelayMs: z.number().optional(),
  durationMs: z.number().optional(),
  eventType: z.string().optional(),
  missed: z.int().optional(),
  params: payload(z.unknown()).optional(),
  output: payload(z.unknown()).optional(),
});

export const subscribe: readonly Endpoint[] = [
  endpoint("get", "/accounts/{account_id}/workflows/{workflow_name}/instances/{instance_id}/subscribe", {
    summary: "Follow the events of an instance, over a WebSocket or as server-sent events",
    query: z.object({ cursor: cursor.optional(), filter }),
    result: message,
    hides: true,
    handle: async ({ params, query }, api, request, asker) => {
      const address = await addressOf(api, params);
      const { endedAt } = await api.engine.summary(address);
      refuseOthers(request.headers);
      const resumed = query.cursor === undefined ? lastSeen(request.headers) : undefined;
      const stop = stopWith(request.signal);
      const wanted = { cursor: query.cursor ?? resumed ?? 0, filter: query.filter };
      const messages = toMessages(asker, subscription(api.engine, address, wanted, stop.signal));
      if (resumed === undefined || endedAt === null) return respond(api, request, messages, stop);
      // An `EventSource` connects again after every end: that there is nothing more, only this status tells it.
      const first = await messages.next();
      return first.done === true
        ? new Response(null, { status: 204 })
        : respond(api, request, after(first.value, messages), stop);
    },
  }),
  endpoint("get", "/accounts/{account_id}/workflows/{workflow_name}/subscribe", {
    summary: "Follow the events of all instances of a workflow, over a WebSocket or as server-sent events",
    query: z.object({ filter }),
    result: message,
    hides: true,
    handle: async ({ params, query }, api, request, asker) => {
      const { name } = await workflowOf(api, params.workflow_name);
      refuseOthers(request.headers);
      const stop = stopWith(request.signal);
      const news = api.engine.followWorkflow(name, stop.signal, query.filter);
      return respond(api, request, newsMessages(asker, news, filterOf(query.filter)), stop);
    },
  }),
];

function refuseOthers(headers: Headers): void {
  if (!wantsSocket(headers) && !wantsStream(headers)) throw new Failure("subscribe.upgrade_required");
}

function respond(api: Api, { headers }: Request, messages: AsyncGenerator<readonly Message[]>, stop: AbortController): Response {
  return wantsSocket(headers) ? socketResponse(messages, stop) : streamResponse(messages, stop, api.clock);
}

function stopWith(signal: AbortSignal): AbortController {
  const stop = new AbortController();
  signal.addEventListener("abort", () => stop.abort(), { once: true });
  return stop;
}

/** What an `EventSource` sends when it connects again. */
function lastSeen(headers: Headers): number | undefined {
  const text = headers.get("last-event-id");
  const parsed = cursor.safeParse(text);
  return text !== null && parsed.success ? parsed.data : undefined;
}

async function* toMessages(asker: Principal, batches: AsyncIterable<readonly PublicEvent[]>): AsyncGenerator<readonly Message[]> {
  const show = shownTo(asker);
  for await (const events of batches) yield events.map((event) => ({ id: event.eventId, data: JSON.stringify(show(event)) }));
}

/** An event as the role may see it. */
function shownTo({ role }: Principal): (event: object) => object {
  return role === "observer" ? (event) => withoutPayloads(message, event) as object : (event) => event;
}

async function* after(first: readonly Message[], rest: AsyncGenerator<readonly Message[]>): AsyncGenerator<readonly Message[]> {
  yield first;
  yield* rest;
}

/** News are made once for all who read them, and so is their text. */
const texts = new WeakMap<object, string>();

function toText(message: object): string {
  let text = texts.get(message);
  if (text === undefined) texts.set(message, (text = JSON.stringify(message)));
  return text;
}

/** Ids are of one instance each, so that none can be gone on after. */
async function* newsMessages(
  asker: Principal,
  news: AsyncIterable<WorkflowNews>,
  isWanted: (event: PublicEvent) => boolean,
): AsyncGenerator<readonly Message[]> {
  const show = shownTo(asker);
  for await (const { events, missed } of news) {
    const lagged = missed === 0 ? [] : [{ type: "lagged", missed }];
    const messages = [...lagged, ...events.filter(isWanted)].map((each) => ({ data: toText(show(each)) }));
    if (messages.length > 0) yield messages;
  }
}
