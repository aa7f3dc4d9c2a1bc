/** What triggers need of the engine. */
import type { EventEnd, ScriptEvent } from "../protocol/handlers.ts";

export interface Dispatcher {
  /** Calls a handler of a script's active version, as `Engine.dispatch` says. */
  dispatch(script: string, event: ScriptEvent): Promise<EventEnd>;
}
