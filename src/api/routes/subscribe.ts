/**
 * An instance's events as they happen, as server-sent events: first what has been, then what comes, until the event that
 * ends the instance. A client that lost the connection goes on after the last `id` that it saw.
 */
import { z } from "zod";
import { Failure } from "../../model/errors.ts";
import { PUBLIC_EVENT_TYPES, PublicView, type PublicEvent } from "../../model/public-event.ts";
import type { InstanceEvent } from "../../model/events.ts";
import { endpoint, type Endpoint } from "../endpoint.ts";
import { workflowOf } from "./workflows.ts";

const eventType = z.string().refine((type) => PUBLIC_EVENT_TYPES.has(type), "Not a type of event that subscribers are told of");

const query = z.object({
  cursor: z.coerce.number().int().min(0).optional(),
  filter: z.union([eventType.transform((one) => [one]), z.array(eventType)]).optional(),
});

export const subscribe: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: "/accounts/{account_id}/workflows/{workflow_name}/instances/{instance_id}/subscribe",
    summary: "Follow the events of an instance (server-sent events)",
    query,
    result: z.unknown(),
    handle: async ({ params, query: { cursor, filter } }, api, request) => {
      const { name } = await workflowOf(api, params.workflow_name);
      const address = { workflow: name, id: params.instance_id };
      await api.engine.summary(address);
      if (!(request.headers.get("accept") ?? "").includes("text/event-stream")) throw new Failure("subscribe.upgrade_required");
      const after = cursor ?? lastSeen(request.headers);
      const wanted = filter && new Set(filter);
      const stop = new AbortController();
      request.signal.addEventListener("abort", () => stop.abort());
      const view = new PublicView(address.id);
      // From the first event on: what is secret is known only to who has seen how a step began.
      const events = api.engine.follow(address, 0, stop.signal);
      const isWanted = (shown: PublicEvent): boolean => shown.eventId > after && (wanted?.has(shown.type) ?? true);
      return new Response(toStream(events, view, isWanted, stop), {
        headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" },
      });
    },
  }),
];

/** What an `EventSource` sends when it connects again. */
function lastSeen(headers: Headers): number {
  const id = Number(headers.get("last-event-id") ?? 0);
  return Number.isSafeInteger(id) && id >= 0 ? id : 0;
}

function toStream(
  events: AsyncIterable<InstanceEvent>,
  view: PublicView,
  isWanted: (shown: PublicEvent) => boolean,
  stop: AbortController,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const iterator = events[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      for (;;) {
        const next = await iterator.next();
        if (next.done === true) return controller.close();
        const shown = view.show(next.value);
        if (shown === undefined || !isWanted(shown)) continue;
        return controller.enqueue(encoder.encode(`id: ${shown.eventId}\ndata: ${JSON.stringify(shown)}\n\n`));
      }
    },
    cancel: () => stop.abort(),
  });
}
