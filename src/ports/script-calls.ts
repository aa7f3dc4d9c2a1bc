/** Calls of the handlers of deployed scripts, as the server, queues and cron triggers make them. */
import type { EventEnd, ScriptEvent } from "../protocol/handlers.ts";

/**
 * Both call a script's active version, and reject with `Failure`s named `script.no_handler`, `script.not_found`,
 * `script.unavailable` (its host has ended first), `script.invalid` and `shutting_down`.
 */
export interface ScriptCalls {
  /** Calls its `fetch` handler. */
  fetch(script: string, request: Request): Promise<Response>;
  /** Calls another of its handlers, and answers how that ended. */
  call(script: string, event: ScriptEvent): Promise<EventEnd>;
}
