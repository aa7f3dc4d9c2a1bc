/**
 * Calls the handlers that a script has besides `fetch`: those of its `default` export, which is an object of functions or
 * a class whose instances have them. What a handler leaves to `waitUntil` belongs to it: it has not ended before that has.
 */
import { NO_VERDICT } from "../../model/platform/queue.ts";
import type { EventAnswer, ScriptEvent } from "../../protocol/handlers.ts";
import type { InvocationEvent } from "../../protocol/invocation.ts";
import type { ExecutionContext } from "../run/execution-context.ts";
import { invoke, OpenInvocation, type InvocationLog } from "./invocation.ts";
import { openBatch } from "./message-batch.ts";

/** What a `scheduled` handler is given. */
export interface ScheduledController {
  readonly type: "scheduled";
  readonly cron: string;
  readonly scheduledTime: number;
  /** Says that it need not be called again if it fails; it never is. */
  noRetry(): void;
}

type Handler = (about: unknown, env: unknown, context: unknown) => unknown;

/** Never rejects. `context` is one of its own for each event; its `waitUntil` is replaced. */
export async function handleEvent(
  event: ScriptEvent,
  exported: unknown,
  env: unknown,
  context: ExecutionContext,
  log: InvocationLog,
): Promise<EventAnswer> {
  const call = findHandler(event.type, exported, env, context);
  if (call === undefined) return "no_handler";
  const opened = event.type === "queue" ? openBatch(event.queue, event.messages) : undefined;
  let thrown: string | null = null;
  try {
    await invoke(log, new OpenInvocation(described(event)), context, async () => {
      const left = followLeft(context);
      await call(opened?.batch ?? controllerOf(event));
      // What is left to wait for may leave more.
      for (const promise of left) await promise;
    });
  } catch (error) {
    thrown = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
  return { thrown, verdict: opened?.verdict() ?? NO_VERDICT };
}

function described(event: ScriptEvent): InvocationEvent {
  if (event.type === "queue") return { queue: event.queue, batchSize: event.messages.length };
  return { cron: event.cron, scheduledTime: event.scheduledTime };
}

/** What a handler leaves to `waitUntil` from now on. */
function followLeft(context: ExecutionContext): readonly Promise<unknown>[] {
  const left: Promise<unknown>[] = [];
  const waitUntil = context.waitUntil.bind(context);
  Object.defineProperty(context, "waitUntil", {
    value: (promise: unknown) => {
      left.push(Promise.resolve(promise));
      waitUntil(Promise.resolve(promise));
    },
  });
  return left;
}

function controllerOf(event: ScriptEvent): ScheduledController | undefined {
  if (event.type !== "scheduled") return undefined;
  const { type, cron, scheduledTime } = event;
  return { type, cron, scheduledTime, noRetry: () => {} };
}

function findHandler(
  name: ScriptEvent["type"],
  exported: unknown,
  env: unknown,
  context: ExecutionContext,
): ((about: unknown) => unknown) | undefined {
  if (typeof exported === "function") {
    const Entrypoint = exported as new (context: ExecutionContext, env: unknown) => Record<string, Handler>;
    if (typeof Entrypoint.prototype?.[name] !== "function") return undefined;
    return (about) => new Entrypoint(context, env)[name]?.(about, env, context);
  }
  const handlers = exported as Readonly<Record<string, Handler | undefined>> | null | undefined;
  if (typeof handlers?.[name] !== "function") return undefined;
  return (about) => handlers[name]?.(about, env, context);
}
