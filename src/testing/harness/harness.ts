/**
 * `createTestHarness`: wrangler's test harness, with Workers that stepwell runs in workerd. What runs is a session; this begins
 * and ends sessions, and is all that is loaded before the first.
 */
// Loaded before a test replaces what is in `http`; the rest is loaded by the first start.
import "../../executors/workerd/connection/plain-http.ts";
import { refusal } from "./errors.ts";
import type { Session } from "./session.ts";
import { Timeline } from "./timeline.ts";
import type { TestHarness, TestHarnessOptions, WorkerHandle } from "./types.ts";
import { workerHandle } from "./worker.ts";

/** A harness for these Workers. Nothing runs before `listen()`. */
export function createTestHarness(options?: TestHarnessOptions): TestHarness {
  return new Harness(options);
}

class Harness implements TestHarness {
  readonly #timeline: Timeline = new Timeline();
  #options: TestHarnessOptions | undefined;
  /** Those of the last start. */
  #initial: TestHarnessOptions | undefined;
  #session: Promise<Session> | undefined;
  /** The end of the last session. */
  #ending: Promise<void> = Promise.resolve();

  constructor(options: TestHarnessOptions | undefined) {
    this.#options = options;
  }

  async listen(): Promise<{ readonly url: URL }> {
    const session = (this.#session ??= this.#start());
    try {
      const { url } = await session;
      return { url: new URL(url) };
    } catch (cause) {
      if (this.#session === session) this.#session = undefined;
      throw cause;
    }
  }

  async #start(): Promise<Session> {
    try {
      if (this.#options === undefined) throw refusal("no_options");
      this.#initial = this.#options;
      await this.#ending.catch(() => undefined);
      this.#timeline.clear();
      this.#timeline.note("startup - started");
      const { Session: Loaded } = await import("./session.ts");
      const session = await Loaded.open(this.#initial, this.#timeline);
      this.#timeline.note("startup - completed");
      return session;
    } catch (cause) {
      this.#timeline.note("startup - failed");
      throw cause;
    }
  }

  async #running(): Promise<Session> {
    if (this.#session === undefined) throw refusal("not_started");
    return this.#session;
  }

  fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> =>
    (await this.#running()).fetch(undefined, input, init);

  getWorker<Env, Module extends { readonly default: unknown }>(name?: string): WorkerHandle<Env, Module> {
    return workerHandle<Env, Module>(async () => {
      const session = await this.#running();
      return { session, worker: session.worker(name) };
    });
  }

  getLogs(): ReturnType<TestHarness["getLogs"]> {
    return this.#timeline.logs;
  }

  clearLogs(): void {
    this.#timeline.clearLogs();
  }

  debug(): void {
    console.log(String(this.#timeline));
  }

  async update(options: TestHarnessOptions | ((current: TestHarnessOptions) => TestHarnessOptions)): Promise<void> {
    if (typeof options === "function" && this.#options === undefined) throw refusal("no_options");
    const next = typeof options === "function" ? options(this.#options as TestHarnessOptions) : options;
    await (await this.#session)?.update(next);
    this.#options = next;
  }

  async reset(): Promise<void> {
    await this.#running();
    const options = this.#initial;
    await this.close();
    this.#options = options;
    await this.listen();
  }

  close(): Promise<void> {
    const session = this.#session;
    if (session === undefined) return this.#ending;
    this.#session = undefined;
    this.#timeline.note("teardown - started");
    // A start that fails has left nothing, and rejects for its caller.
    this.#ending = session.then(
      (started) => started.close(),
      () => undefined,
    );
    return this.#ending;
  }
}
