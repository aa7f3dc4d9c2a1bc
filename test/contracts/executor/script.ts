/**
 * The script that the executor contract runs, as one function: its text makes a module for executors that load one, and
 * calling it makes the classes for those that are given them. It must therefore refer to nothing outside itself.
 */
import type { ScriptVersion } from "../../../src/ports/catalog/script-versions.ts";

/** What the function needs of `cloudflare:workers` and `cloudflare:workflows`. */
export interface Platform {
  readonly WorkflowEntrypoint: new (ctx: never, env: never) => { readonly ctx: unknown; readonly env: unknown };
  readonly NonRetryableError: new (message: string) => Error;
  readonly env: unknown;
}

/** As much of a step as the script uses. */
interface Step {
  do(name: string, callback: (ctx: { attempt: number }) => unknown, rollback?: Rollback): Promise<unknown>;
  do(name: string, config: object, callback: (ctx: { attempt: number }) => unknown, rollback?: Rollback): Promise<unknown>;
  sleep(name: string, duration: number | string): Promise<void>;
  waitForEvent(name: string, options: { type: string }): Promise<{ payload: unknown; type: string; timestamp: Date }>;
}

interface Rollback {
  readonly rollback: (about: { ctx: { attempt: number }; error: Error; output: unknown; stepName: string }) => unknown;
  readonly rollbackConfig?: object;
}

interface Flow {
  create(options: unknown): Promise<{ id: string }>;
  get(id: string): Promise<Followed>;
}

interface Followed {
  readonly id: string;
  subscribe(options: unknown): Promise<Disposable & { next(): Promise<{ done: boolean; value: { output: unknown } }> }>;
}

interface Env {
  readonly GREETING: string;
  readonly KEY: string;
  readonly SETTINGS: unknown;
  readonly FLOW: Flow;
}

interface Event {
  readonly payload: { readonly n: number };
  readonly instanceId: string;
}

/** The workflows of the contract, and a `default` export that answers requests. */
export function contractScript({ WorkflowEntrypoint, NonRetryableError, env: imported }: Platform): Record<string, unknown> {
  const aborted: string[] = [];

  class Two extends WorkflowEntrypoint {
    async run(event: Event, step: Step): Promise<unknown> {
      const first = (await step.do("first", () => event.payload.n + 1)) as number;
      const second = (await step.do("second", async () => first * 2)) as number;
      return { first, second, id: event.instanceId };
    }
  }

  function miss(attempt: number): never {
    throw new TypeError(`no ${attempt}`);
  }

  class Flaky extends WorkflowEntrypoint {
    async run(_: Event, step: Step): Promise<unknown> {
      return step.do("flaky", { retries: { limit: 3, delay: 50, backoff: "constant" } }, (ctx) => {
        const { attempt } = ctx;
        // Changes that user code makes to its context have no effect.
        Object.assign(ctx, { attempt: 99, step: { name: "other", count: 9 }, config: { retries: { limit: 0 } } });
        return attempt < 3 ? miss(attempt) : attempt;
      });
    }
  }

  class Stubborn extends WorkflowEntrypoint {
    async run(_: Event, step: Step): Promise<unknown> {
      const caught = await step
        .do("stubborn", () => {
          const error = new NonRetryableError("never");
          throw error instanceof NonRetryableError ? error : new Error("another class of that name");
        })
        .catch((error: unknown) => String(error));
      return caught;
    }
  }

  /** Each step fails with a message that is longer than any that is recorded. */
  class Verbose extends WorkflowEntrypoint {
    async run(_: Event, step: Step): Promise<unknown> {
      const long = "x".repeat(70_000);
      const once = { retries: { limit: 0, delay: 0 } };
      const broken = (): ReadableStream<Uint8Array> =>
        new ReadableStream({
          pull() {
            throw new Error(long);
          },
        });
      const failures: unknown[] = [];
      await step.do("stream", once, broken as never).catch((error: Error) => failures.push(error.message.length));
      await step.do("value", once, () => ({ [long]: () => 1 })).catch((error: Error) => failures.push(error.message.length));
      throw new Error(`${failures.length} ${long}`);
    }
  }

  class Sleeper extends WorkflowEntrypoint {
    async run(_: Event, step: Step): Promise<unknown> {
      await step.sleep("nap", "1 hour");
      return "awake";
    }
  }

  class Waiter extends WorkflowEntrypoint {
    async run(_: Event, step: Step): Promise<unknown> {
      const { payload, type, timestamp } = await step.waitForEvent("answer", { type: "reply" });
      return { payload, type, at: timestamp.getTime() };
    }
  }

  class Caller extends WorkflowEntrypoint {
    async run(event: Event, step: Step): Promise<unknown> {
      const flow = (this.env as Env).FLOW;
      return step.do("call", { retries: { limit: 0, delay: 0 } }, async () => {
        const made = await flow.create({ id: `child-${event.payload.n}`, params: { when: new Date(5), seen: new Set([1]) } });
        return made.id;
      });
    }
  }

  /** Reads two events of another instance, one with a stream, and leaves. */
  class Follower extends WorkflowEntrypoint {
    async run(): Promise<unknown> {
      const subscription = await (await (this.env as Env).FLOW.get("other")).subscribe({ cursor: 3 });
      const [first, second] = [await subscription.next(), await subscription.next()];
      const bytes: number[] = [];
      for await (const chunk of second.value.output as ReadableStream<Uint8Array>) bytes.push(...chunk);
      subscription[Symbol.dispose]();
      return { first, bytes };
    }
  }

  class Reader extends WorkflowEntrypoint {
    async run(): Promise<unknown> {
      const { GREETING, KEY, SETTINGS } = this.env as Env;
      return {
        GREETING,
        KEY,
        SETTINGS,
        imported: (imported as Env).GREETING,
        path: process.env["PATH"] ?? "unset",
        key: process.env["KEY"],
      };
    }
  }

  /** Waits in a step until the binding answers, so that a test decides when. */
  class Gated extends WorkflowEntrypoint {
    async run(_: Event, step: Step): Promise<unknown> {
      await step.do("gate", async () => (await (this.env as Env).FLOW.get("gate")).id);
      return step.do("behind", () => "through");
    }
  }

  /** Has code of its own between two steps: it waits for the binding, then works for `n` milliseconds without giving way. */
  class Lingering extends WorkflowEntrypoint {
    async run(event: Event, step: Step): Promise<unknown> {
      await step.do("one", () => 1);
      await (this.env as Env).FLOW.get("gate");
      const until = Date.now() + event.payload.n;
      while (Date.now() < until);
      return step.do("two", async () => (await (this.env as Env).FLOW.get("two")).id);
    }
  }

  /** Reports in its handlers' errors what they were passed, and whether they were reached by replay. */
  class Undoer extends WorkflowEntrypoint {
    async run(_: Event, step: Step): Promise<unknown> {
      let memory = "replayed";
      const rollback: Rollback["rollback"] = ({ ctx, error, output, stepName }) => {
        if (ctx.attempt > 1) return;
        throw new TypeError([stepName, String(output), error.name, error.message, memory].join());
      };
      const rollbackConfig = { retries: { limit: 1, delay: 50, backoff: "constant" } };
      const first = await step.do("first", () => (memory = "live"), { rollback, rollbackConfig });
      await step.sleep("nap", "1 hour");
      await step.do("second", () => `after ${String(first)}`, {
        rollback: async () => {
          await step.do("not now", () => 1);
        },
      });
      throw new RangeError("no way");
    }
  }

  class Careless extends WorkflowEntrypoint {
    async run(_: Event, step: Step): Promise<unknown> {
      void Promise.reject(new Error("unhandled"));
      (this.ctx as { waitUntil(promise: Promise<unknown>): void }).waitUntil(Promise.reject(new Error("unhandled in waitUntil")));
      return step.do("go on", () => "still here");
    }
  }

  /** Streams a megabyte and a byte, and counts what comes back. */
  class Streamer extends WorkflowEntrypoint {
    async run(_: Event, step: Step): Promise<unknown> {
      const stream = (await step.do("stream", async () => {
        let left = 17;
        return new ReadableStream({
          pull: (controller) => {
            left -= 1;
            controller.enqueue(new Uint8Array(left > 0 ? 65_536 : 1).fill(255));
            if (left === 0) controller.close();
          },
        });
      })) as ReadableStream<Uint8Array>;
      const lengths: number[] = [];
      for await (const chunk of stream) lengths.push(chunk.byteLength);
      return lengths;
    }
  }

  class Busy extends WorkflowEntrypoint {
    async run(): Promise<unknown> {
      for (;;);
    }
  }

  class Crasher extends WorkflowEntrypoint {
    async run(): Promise<unknown> {
      setTimeout(() => {
        throw new Error("thrown from a timer");
      });
      return new Promise(() => {});
    }
  }

  /** Writes in and between steps that run at once, at once and later. */
  class Talker extends WorkflowEntrypoint {
    async run({ payload }: Event, step: Step): Promise<unknown> {
      console.log("begins %s", payload.n, { deep: [1, 2] });
      setTimeout(() => console.debug("later"));
      const failing = ["a", "b"].map((name) =>
        step.do(name, { retries: { limit: 0, delay: 0 } }, async () => {
          console.info(`${name} starts`);
          await new Promise((resolve) => setTimeout(resolve, 1));
          console.warn("%s\nhas waited", name);
          await new Promise<void>((resolve) => setTimeout(() => resolve(console.log({ far: true }, "of a timer"))));
          throw new TypeError(`${name} fails`);
        }),
      );
      await Promise.allSettled(failing);
      console.info("100% %s");
      console.error("ends");
      return undefined;
    }
  }

  class Shouter extends WorkflowEntrypoint {
    async run({ payload }: Event): Promise<unknown> {
      for (const more of [0, 1]) console.log("x".repeat(payload.n + more));
      console.log();
      return undefined;
    }
  }

  class Quitter extends WorkflowEntrypoint {
    async run(): Promise<unknown> {
      return process.exit(3);
    }
  }

  async function fetch(request: Request, env: Env): Promise<Response> {
    switch (new URL(request.url).pathname) {
      case "/echo": {
        const headers = { "x-method": request.method, "x-greeting": env.GREETING, "x-sent": request.headers.get("x-sent") ?? "" };
        return new Response(request.body, { status: 201, headers });
      }
      case "/cookies":
        return new Response(null, {
          status: 204,
          headers: [
            ["set-cookie", "a=1"],
            ["set-cookie", "b=2"],
          ],
        });
      case "/never":
        aborted.push("not yet");
        request.signal.addEventListener("abort", () => aborted.splice(0, 1, "never"));
        // workerd gives up a handler that waits for nothing.
        return new Promise((resolve) => void setTimeout(() => resolve(new Response()), 3_600_000));
      case "/stuck":
        return new Response(
          new ReadableStream(
            { pull: (controller) => controller.enqueue(new TextEncoder().encode("some")) },
            { highWaterMark: 0 },
          ),
        );
      case "/aborted":
        return Response.json(aborted);
      case "/exit":
        return process.exit(4);
      default:
        throw new RangeError("no such page");
    }
  }

  const workflows = {
    Two,
    Flaky,
    Stubborn,
    Verbose,
    Sleeper,
    Waiter,
    Caller,
    Follower,
    Reader,
    Gated,
    Lingering,
    Undoer,
    Careless,
    Streamer,
    Busy,
    Crasher,
    Talker,
    Shouter,
    Quitter,
  };
  return { ...workflows, default: { fetch } };
}

const NAMES =
  "Two, Flaky, Stubborn, Verbose, Sleeper, Waiter, Caller, Follower, Reader, Gated, Lingering, Undoer, Careless, Streamer, Busy, Crasher, Talker, Shouter, Quitter";

/** The script as a module. */
const CONTRACT_CODE = `
import { WorkflowEntrypoint, env } from "cloudflare:workers";
import { NonRetryableError } from "cloudflare:workflows";
const script = (${contractScript.toString()})({ WorkflowEntrypoint, NonRetryableError, env });
export const { ${NAMES} } = script;
export default script.default;
`;

/** A version with the contract's bindings, whose code is the contract's script unless another is given. */
export function contractVersion(code: string = CONTRACT_CODE): ScriptVersion {
  return {
    id: "contract-1",
    script: "contract",
    hash: "contract",
    code,
    bindings: [
      { type: "plain_text", name: "GREETING", text: "hello" },
      { type: "secret_text", name: "KEY", text: "open sesame" },
      { type: "json", name: "SETTINGS", json: { depth: [1, 2] } },
      { type: "workflow", name: "FLOW", workflow: "flow" },
      { type: "queue", name: "QUEUE", queue: "letters" },
    ],
    // The newest that the pinned workerd knows: what changes with a date has changed.
    compatibilityDate: "2026-11-17",
    compatibilityFlags: ["nodejs_compat", "enable_request_signal"],
    createdAt: 0,
  };
}
