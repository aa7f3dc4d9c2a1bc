/** Calls the handlers of a script's active version, in one of its hosts. */
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import { NO_VERDICT } from "../../model/platform/queue.ts";
import type { Host } from "../../ports/executor.ts";
import type { EventEnd, ScriptEvent } from "../../protocol/handlers.ts";
import type { Core } from "../state/core.ts";

/** Calls the active version of a script; its host stays open until the call is over. */
async function callScript<T>(core: Core, script: string, call: (host: Host) => Promise<T>): Promise<T> {
  const { host, over } = await hostFor(core, script);
  return call(host).finally(over);
}

/** As `callScript`, with a request: the call is over when the last byte of its answer has been passed on. */
export async function fetchScript(core: Core, script: string, request: Request): Promise<Response> {
  const { host, over } = await hostFor(core, script);
  return host.fetch(request, over).catch((cause: unknown) => {
    over();
    throw cause;
  });
}

async function hostFor(core: Core, script: string): Promise<{ readonly host: Host; readonly over: () => void }> {
  if (core.health.isOver) throw core.health.failure;
  if (core.closing) throw new Failure("shutting_down");
  const version = await core.catalog.activeScript(script);
  if (version === undefined) throw new Failure("script.not_found");
  const link = core.hosts.ready(version.id) ?? (await core.hosts.acquire(version));
  link.requests += 1;
  const over = (): void => {
    link.requests -= 1;
    core.hosts.released(link);
  };
  return { host: link.host, over };
}

/** As `Engine.dispatch`. A handler that takes too long is not waited for, as if it had thrown. */
export async function dispatch(core: Core, script: string, event: ScriptEvent): Promise<EventEnd> {
  const late = Promise.withResolvers<EventEnd>();
  const cancel = core.clock.alarm(core.clock.now() + LIMITS.handlerMs, () => {
    core.log.warn("A handler timed out", { script, handler: event.type });
    late.resolve({ thrown: `It took longer than ${LIMITS.handlerMs / 60_000} minutes`, verdict: NO_VERDICT });
  });
  try {
    return await Promise.race([callScript(core, script, (host) => host.dispatch(event)), late.promise]);
  } catch (cause) {
    // Whatever has ended with the engine has not failed.
    throw core.closing ? new Failure("shutting_down", { cause }) : cause;
  } finally {
    cancel();
  }
}
