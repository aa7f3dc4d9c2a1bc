/**
 * The executor for embedding: the user's classes run in this very process, and frames are handed over as they are. It is
 * the quickest and the least protected — a loop that never ends stops the engine, too.
 */
import type { FromRuntime, ToRuntime } from "../../protocol/frames.ts";
import type { Executor, Host, HostEnd } from "../../ports/executor.ts";
import type { ScriptVersion } from "../../ports/catalog/script-versions.ts";
import type { OnLog } from "../../ports/script-log.ts";
import { scriptLine } from "../output/lines.ts";
import { Failure } from "../../model/failures/failure.ts";
import type { ExecutionContext } from "../../runtime/run/execution-context.ts";
import { sharedPlace } from "../../runtime/run/place.ts";
import { createRuntime, type WorkflowClass } from "../../runtime/run/runtime.ts";
import { noScope } from "../../runtime/run/scope.ts";
import { hearScope, leaveScope, type Hear } from "./console.ts";

/** What runs in this process. */
export interface InProcessOptions {
  /** Workflow classes by name. */
  readonly classes: Readonly<Record<string, WorkflowClass>>;
  /** What they find as `this.env`. */
  readonly env?: unknown;
  /** Epoch milliseconds, for `sleep`; the system's clock when absent. */
  readonly now?: () => number;
  /** Gets what instances write to the console of this process, which does not see it then, and what they throw. */
  readonly onLog?: OnLog;
}

/** An executor whose hosts are this process. */
export function inProcessExecutor(options: InProcessOptions): Executor {
  return {
    name: "in-process",
    open: (version) => Promise.resolve(openHost(options, version)),
    close: () => Promise.resolve(),
  };
}

function openHost({ classes, env, now = Date.now, onLog }: InProcessOptions, version: ScriptVersion): Host {
  let handler: ((frames: readonly FromRuntime[]) => void) | undefined;
  let open = true;
  const { promise: ended, resolve: end } = Promise.withResolvers<HostEnd>();
  const hear: Hear = (text, level, origin) => onLog?.(scriptLine(text, { level, version, origin }));
  const scope = onLog && hearScope(hear);
  const reportThrown = (stack: string): void => {
    const origin = scope?.getStore();
    onLog?.(scriptLine(stack, { level: "error", kind: "exception", version, ...(origin && { origin }) }));
  };
  const runtime = createRuntime({
    send: (frames) => {
      if (open) handler?.(frames);
    },
    soon: (fire) => void setImmediate(fire),
    now,
    workflowClass: (name) => (Object.hasOwn(classes, name) ? classes[name] : undefined),
    openPlace: () => sharedPlace(context()),
    env,
    scope: scope ?? noScope,
    reportThrown,
  });
  return {
    send: (frames: readonly ToRuntime[]) => {
      if (open) runtime.receive(frames);
    },
    onFrames: (receive) => {
      handler = receive;
    },
    fetch: () => Promise.reject(new Failure("script.no_fetch_handler")),
    dispatch: () => Promise.reject(new Failure("script.no_handler")),
    ended,
    close: () => {
      open = false;
      if (scope !== undefined) leaveScope(scope);
      end({ kind: "closed" });
      return Promise.resolve();
    },
  };
}

function context(): ExecutionContext {
  return {
    waitUntil: (promise) => void promise.catch((reason: unknown) => console.error("waitUntil:", reason)),
    passThroughOnException: () => {},
    props: {},
    exports: {},
  };
}
