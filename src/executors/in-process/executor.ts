/**
 * The executor for embedding: the user's classes run in this very process, and frames are handed over as they are. It is
 * the quickest and the least protected — a loop that never ends stops the engine, too.
 */
import type { FromRuntime, ToRuntime } from "../../protocol/frames.ts";
import type { Executor, Host, HostEnd } from "../../ports/executor.ts";
import { Failure } from "../../model/errors.ts";
import type { Mocks } from "../../runtime/mocks.ts";
import type { ExecutionContext } from "../../runtime/execution-context.ts";
import { sharedPlace } from "../../runtime/place.ts";
import { createRuntime, type WorkflowClass } from "../../runtime/runtime.ts";

/** What runs in this process. */
export interface InProcessOptions {
  /** Workflow classes by name. */
  readonly classes: Readonly<Record<string, WorkflowClass>>;
  /** What they find as `this.env`. */
  readonly env?: unknown;
  /** Epoch milliseconds, for `sleep`; the system's clock when absent. */
  readonly now?: () => number;
  /** What a test has arranged for their steps. */
  readonly mocks?: Mocks;
}

/** An executor whose hosts are this process. */
export function inProcessExecutor(options: InProcessOptions): Executor {
  return {
    name: "in-process",
    open: () => Promise.resolve(openHost(options)),
    close: () => Promise.resolve(),
  };
}

function openHost({ classes, env, now = Date.now, mocks }: InProcessOptions): Host {
  let handler: ((frames: readonly FromRuntime[]) => void) | undefined;
  let open = true;
  const { promise: ended, resolve: end } = Promise.withResolvers<HostEnd>();
  const runtime = createRuntime({
    send: (frames) => {
      if (open) handler?.(frames);
    },
    soon: (fire) => void setImmediate(fire),
    now,
    workflowClass: (name) => (Object.hasOwn(classes, name) ? classes[name] : undefined),
    openPlace: () => sharedPlace(context()),
    env,
    ...(mocks && { mocks }),
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
