/**
 * Where the user code of a run goes on. In Node all runs share one place; in workerd each has a request context of its own,
 * whose timers, requests and sockets end with it, and in which alone it may use them.
 */
import type { ExecutionContext } from "./execution-context.ts";

export interface Place {
  /** Calls back there, in order; at once where there is only one place. */
  enter(work: (context: ExecutionContext) => void): void;
  /** False when the code that asks has strayed to another place. To be cheap: asked at each step. */
  isHere(): boolean;
  /**
   * Ends, and calls back, once nothing that user code has set going here is under way; at once where that goes on anyway. Until
   * then `stay` takes it back.
   */
  rest(over: () => void): void;
  stay(): void;
  /** The run is over. What it has left to `waitUntil` may still finish. */
  leave(): void;
  /** Ends everything that still goes on there. */
  cut(): void;
}

/** The place that is all there is. Nothing can be cut off in it. */
export function sharedPlace(context: ExecutionContext): Place {
  const nothing = (): void => {};
  return {
    enter: (work) => work(context),
    isHere: () => true,
    rest: (over) => over(),
    stay: nothing,
    leave: nothing,
    cut: nothing,
  };
}
