/** Events that were sent to an instance and that no step has waited for yet. They are kept by type, oldest first. */
import type { BufferedEvent, InstanceState } from "./state.ts";
import type { Encoded } from "../values/value.ts";

/** Keeps an event for a later waiter. */
export function buffer(state: InstanceState, eventType: string, event: BufferedEvent): void {
  const waiting = state.buffered.get(eventType);
  if (waiting === undefined) state.buffered.set(eventType, [event]);
  else waiting.push(event);
  state.bufferedCount += 1;
}

/** Takes the oldest buffered event off, if it is the one that a waiter was given. One that came directly was never buffered. */
export function unbuffer(state: InstanceState, eventType: string, receivedAt: number, payload: Encoded): void {
  const waiting = state.buffered.get(eventType);
  const oldest = waiting?.[0];
  if (waiting === undefined || oldest === undefined) return;
  if (oldest.receivedAt !== receivedAt || oldest.payload !== payload) return;
  waiting.shift();
  state.bufferedCount -= 1;
  if (waiting.length === 0) state.buffered.delete(eventType);
}
