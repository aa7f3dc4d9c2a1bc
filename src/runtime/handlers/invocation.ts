/**
 * Calls handlers as invocations: what one writes and throws belongs to it, and when it has ended, with all that it has left to
 * `waitUntil`, that is said once. One that writes something before is introduced with that.
 */
import { stackOf } from "../../model/values/thrown.ts";
import type { Invocation, InvocationEvent, InvocationOutcome } from "../../protocol/invocation.ts";
import type { ExecutionContext } from "../run/execution-context.ts";
import type { Scope } from "../run/scope.ts";
import { settleable } from "../run/settleable.ts";

/** How long what is left to `waitUntil` is waited for, in milliseconds: as long as Cloudflare lets it go on. */
const GRACE_MS = 30_000;

/** Where what invocations write goes. */
export interface InvocationLog {
  readonly scope: Scope;
  /** Takes a stack. */
  readonly reportThrown: (stack: string) => void;
  /** Says what is known of an invocation. */
  readonly report: (invocation: Invocation) => void;
}

/** An invocation that goes on. It is the origin of what is written in it. */
export class OpenInvocation {
  readonly request: string;
  readonly #entrypoint: string | undefined;
  readonly #startedAt: number = Date.now();
  readonly #thrown: WeakSet<object> = new WeakSet();
  #event: InvocationEvent;
  #isIntroduced = false;

  /** `id` is one that is made up when it is not known outside. */
  constructor(
    event: InvocationEvent,
    { id, entrypoint }: { readonly id?: string | undefined; readonly entrypoint?: string } = {},
  ) {
    this.request = id ?? crypto.randomUUID();
    this.#event = event;
    this.#entrypoint = entrypoint;
  }

  /** What is to be said of it before its first line, and before the first after its end; undefined at any other. */
  introduce(): Invocation | undefined {
    if (this.#isIntroduced) return undefined;
    this.#isIntroduced = true;
    return this.#described();
  }

  /** What is to be said of it when it has ended. */
  end(outcome: InvocationOutcome): Invocation {
    this.#isIntroduced = false;
    return { ...this.#described(), outcome };
  }

  answered(status: number): void {
    if ("request" in this.#event) this.#event = { ...this.#event, response: { status } };
  }

  /** True when the value has been thrown before: it is on its way through. */
  hasThrown(thrown: unknown): boolean {
    if (typeof thrown !== "object" || thrown === null) return false;
    const isKnown = this.#thrown.has(thrown);
    this.#thrown.add(thrown);
    return isKnown;
  }

  /** As an origin. */
  toJSON(): { readonly request: string } {
    return { request: this.request };
  }

  #described(): Invocation {
    const { request: id } = this;
    const entrypoint = this.#entrypoint;
    return { id, event: this.#event, startedAt: this.#startedAt, ...(entrypoint !== undefined && { entrypoint }) };
  }
}

/** Calls `call` as the invocation, and answers what that does. The `waitUntil` of the context is replaced. */
export async function invoke<T>(
  log: InvocationLog,
  invocation: OpenInvocation,
  context: Pick<ExecutionContext, "waitUntil">,
  call: () => T | Promise<T>,
): Promise<T> {
  let outcome: InvocationOutcome = "ok";
  const failed = (thrown: unknown): void => {
    outcome = "exception";
    if (!invocation.hasThrown(thrown)) log.scope.run(invocation, log.reportThrown, stackOf(thrown));
  };
  const left = followLeft(context, failed);
  const end = (): void => log.report(invocation.end(outcome));
  try {
    const result = await log.scope.run(invocation, call, undefined);
    if (result instanceof Response) invocation.answered(result.status);
    return result;
  } catch (thrown) {
    failed(thrown);
    throw thrown;
  } finally {
    if (left.promises.length === 0) end();
    else left.waitUntil(allOver(left.promises).then(end));
  }
}

interface Left {
  /** What has been left so far; none of them rejects. */
  readonly promises: readonly Promise<unknown>[];
  /** The context's own. */
  readonly waitUntil: (promise: Promise<unknown>) => void;
}

function followLeft(context: Pick<ExecutionContext, "waitUntil">, failed: (thrown: unknown) => void): Left {
  const promises: Promise<unknown>[] = [];
  const waitUntil = context.waitUntil.bind(context);
  Object.defineProperty(context, "waitUntil", {
    configurable: true,
    value: (promise: unknown) => {
      const left = Promise.resolve(promise);
      promises.push(left.catch(failed));
      waitUntil(left);
    },
  });
  return { promises, waitUntil };
}

async function allOver(left: readonly Promise<unknown>[]): Promise<void> {
  const { promise: late, resolve } = settleable();
  const timer = setTimeout(resolve, GRACE_MS);
  const each = async (): Promise<void> => {
    // What is waited for may leave more.
    for (const promise of left) await promise;
  };
  await Promise.race([each(), late]);
  clearTimeout(timer);
}
