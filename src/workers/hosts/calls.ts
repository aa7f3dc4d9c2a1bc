/** Calls the handlers of a script's active version, in one of its hosts. */
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import { NO_VERDICT } from "../../model/platform/queue.ts";
import type { Catalog } from "../../ports/catalog/catalog.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Host } from "../../ports/executor.ts";
import type { Log } from "../../ports/log.ts";
import type { ScriptCalls } from "../../ports/script-calls.ts";
import type { EventEnd, ScriptEvent } from "../../protocol/handlers.ts";
import type { Hosts } from "./hosts.ts";

/** What calls are made with. */
export interface HostCallsParts {
  readonly hosts: Hosts;
  readonly catalog: Pick<Catalog, "activeScript">;
  readonly clock: Clock;
  readonly log: Log;
}

export class HostCalls implements ScriptCalls {
  readonly #parts: HostCallsParts;

  constructor(parts: HostCallsParts) {
    this.#parts = parts;
  }

  /** The host stays open until the last byte of the answer has been passed on. */
  async fetch(script: string, request: Request): Promise<Response> {
    const { host, over } = await this.#hostFor(script);
    return host.fetch(request, over).catch((cause: unknown) => {
      over();
      throw cause;
    });
  }

  /** A handler that takes too long is not waited for, as if it had thrown. */
  async call(script: string, event: ScriptEvent): Promise<EventEnd> {
    const { hosts, clock, log } = this.#parts;
    const late = Promise.withResolvers<EventEnd>();
    const cancel = clock.alarm(clock.now() + LIMITS.handlerMs, () => {
      log.warn("A handler timed out", { script, handler: event.type });
      late.resolve({ thrown: `It took longer than ${LIMITS.handlerMs / 60_000} minutes`, verdict: NO_VERDICT });
    });
    try {
      return await Promise.race([this.#dispatch(script, event), late.promise]);
    } catch (cause) {
      // What has ended with the server has not failed.
      throw hosts.refusal === undefined ? cause : new Failure("shutting_down", { cause });
    } finally {
      cancel();
    }
  }

  async #dispatch(script: string, event: ScriptEvent): Promise<EventEnd> {
    const { host, over } = await this.#hostFor(script);
    return host.dispatch(event).finally(over);
  }

  async #hostFor(script: string): Promise<{ readonly host: Host; readonly over: () => void }> {
    const { hosts, catalog } = this.#parts;
    if (hosts.refusal !== undefined) throw hosts.refusal;
    const version = await catalog.activeScript(script);
    if (version === undefined) throw new Failure("script.not_found");
    const link = hosts.ready(version.id) ?? (await hosts.acquire(version));
    link.requests += 1;
    const over = (): void => {
      link.requests -= 1;
      hosts.released(link);
    };
    return { host: link.host, over };
  }
}
