/**
 * What user code reads item by item from the engine: the events of an instance, and the streams in them. Nothing is on its
 * way before it is asked for. The engine keeps a place for each reader, and is notified when the reader is not used any more,
 * even when user code has merely dropped it.
 */
import type { Call } from "../bindings/calls.ts";
import type { CrossingEvent, NextItem } from "../../model/views/subscription.ts";
import type { WorkflowInstanceEvent, WorkflowInstanceSubscription } from "../bindings/event-types.ts";

/** Ends the readings of what has been collected as garbage. Some isolates have no such thing; theirs end with the isolate. */
const forgotten: FinalizationRegistry<() => void> | undefined =
  typeof FinalizationRegistry === "function" ? new FinalizationRegistry((close) => close()) : undefined;

/** A subscription for the reading `id` that the engine has opened. */
export function toSubscription(call: Call, id: number): WorkflowInstanceSubscription {
  const close = closerOf(call, id);
  const subscription: WorkflowInstanceSubscription = {
    next: async () => {
      const next = (await call("next", [id])) as NextItem<CrossingEvent>;
      return next.done ? { done: true, value: undefined } : { done: false, value: toEvent(call, next.value) };
    },
    [Symbol.dispose]: () => {
      forgotten?.unregister(subscription);
      close();
    },
  };
  forgotten?.register(subscription, close, subscription);
  return subscription;
}

function toEvent(call: Call, { event, stream }: CrossingEvent): WorkflowInstanceEvent {
  return (stream === undefined ? event : { ...event, output: toStream(call, stream) }) as WorkflowInstanceEvent;
}

function toStream(call: Call, id: number): ReadableStream<Uint8Array> {
  const close = closerOf(call, id);
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const next = (await call("next", [id])) as NextItem<Uint8Array>;
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      cancel: close,
    },
    { highWaterMark: 0 },
  );
  forgotten?.register(stream, close);
  return stream;
}

/** Must not refer to what is read with: that would never be collected. */
function closerOf(call: Call, id: number): () => void {
  // An engine that is gone has nothing to close.
  return () => void call("close", [id]).catch(() => undefined);
}
