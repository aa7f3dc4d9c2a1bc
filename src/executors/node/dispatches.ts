/** Events that a thread is handling, and who waits for their ends. */
import { Failure } from "../../model/failures/failure.ts";
import type { EventAnswer, EventEnd, ScriptEvent } from "../../protocol/handlers.ts";
import type { ToThread } from "./messages.ts";

export class Dispatches {
  readonly #post: (message: ToThread) => void;
  readonly #pending: Map<number, PromiseWithResolvers<EventAnswer>> = new Map();
  #last = 0;
  #over = false;

  constructor(post: (message: ToThread) => void) {
    this.#post = post;
  }

  async dispatch(event: ScriptEvent): Promise<EventEnd> {
    if (this.#over) throw new Failure("script.unavailable");
    const id = (this.#last += 1);
    const pending = Promise.withResolvers<EventAnswer>();
    this.#pending.set(id, pending);
    this.#post({ type: "dispatch", id, event });
    const answer = await pending.promise;
    if (answer === "no_handler") throw new Failure("script.no_handler", { detail: `The Worker has no ${event.type} handler` });
    return answer;
  }

  /** The thread has said how it ended. */
  settle(id: number, answer: EventAnswer): void {
    this.#pending.get(id)?.resolve(answer);
    this.#pending.delete(id);
  }

  /** The thread is gone. */
  abandon(): void {
    this.#over = true;
    for (const { reject } of this.#pending.values()) reject(new Failure("script.unavailable"));
  }
}
