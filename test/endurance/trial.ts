/**
 * One run of a scenario: its servers, what is measured of them, the watchdog over them, and what was checked. A trial ends in
 * bounded time whatever hangs: at its deadline, or when the watchdog barks, everything it has started is killed.
 */
import type { Database } from "./database.ts";
import { growth, type Growth, type Sample, type Tolerance } from "./growth.ts";
import { openFiles, residentBytes } from "./processes.ts";
import { randomFrom, seedFor } from "../support/random.ts";
import { Server, type ExecutorName, type ServerOptions } from "./server.ts";
import { describe, Watchdog, type Load } from "./watchdog.ts";

/** What is tried, with the resources that it may take. */
export interface Scenario {
  readonly name: string;
  readonly executor: ExecutorName;
  /** Busy ones have the machine for themselves, one after another; idle ones run beside them. */
  readonly load: "busy" | "idle";
  /** How long it takes at the most, in milliseconds, when everything is as it should be; a trial that takes longer fails. */
  readonly limitMs: number;
  readonly run: (trial: Trial) => Promise<void>;
}

export interface Check {
  readonly what: string;
  readonly holds: boolean;
  readonly detail: string;
}

export interface Fact {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/** What is sampled each second. */
export type SeriesName = "server memory" | "server heap" | "workerd memory" | "file descriptors" | "timers" | "handles";

/**
 * By how much each may grow. V8 takes memory in steps and gives it back late: what a process takes reaches its level only after minutes.
 * workerd's heap is collected when it is large: under 5,000 steps a second it grew to 860 MiB in a minute and a half, and then fell to
 * 820. So the share that is run for every change bounds it by half of the heap's limit of 1,024 MiB; a leak beyond that ends the isolate,
 * which is a check of its own, and a longer run sees a smaller one. A host that was just deployed keeps its descriptors for a minute.
 */
export const SERIES: Readonly<Record<SeriesName, Tolerance & { readonly unit: string }>> = {
  "server memory": { unit: "MiB", share: 0.25, absolute: 128 },
  "server heap": { unit: "MiB", share: 0.25, absolute: 32 },
  "workerd memory": { unit: "MiB", share: 0.6, absolute: 512 },
  "file descriptors": { unit: "", share: 0.1, absolute: 64 },
  timers: { unit: "", share: 0.2, absolute: 64 },
  handles: { unit: "", share: 0.1, absolute: 32 },
};

export interface Series {
  readonly name: SeriesName;
  readonly samples: readonly Sample[];
  readonly growth: Growth | undefined;
}

export interface Result {
  readonly name: string;
  readonly executor: ExecutorName;
  readonly seconds: number;
  readonly checks: readonly Check[];
  readonly facts: readonly Fact[];
  readonly series: readonly Series[];
}

export interface TrialOptions {
  readonly seed: number;
  /** 1 is the share that is run for every change; counts and durations grow with it. */
  readonly scale: number;
}

const EVERY_MS = 1_000;
/** How long a server's event loop may be held, in milliseconds. */
const HELD_MS = 1_000;
/** Looks at a database that may fail one after another before the trial does. */
const BLIND_LOOKS = 10;
/** How long everything that a trial has started may take to end, in milliseconds. */
const CLEAN_UP_MS = 30_000;
const MIB = 1_048_576;

export class Trial {
  readonly scale: number;
  readonly random: () => number;
  readonly #checks: Check[] = [];
  readonly #facts: Fact[] = [];
  readonly #samples: Map<SeriesName, Sample[]> = new Map();
  readonly #servers: Server[] = [];
  readonly #cleanUps: (() => Promise<unknown>)[] = [];
  readonly #aborter = new AbortController();
  readonly #begun = performance.now();
  readonly #executor: ExecutorName;
  #doing = "starting";
  #isSteady = false;
  #isOver = false;
  #heldMs = 0;

  constructor({ name, executor }: Pick<Scenario, "name" | "executor">, { seed, scale }: TrialOptions) {
    this.scale = scale;
    this.random = randomFrom(seedFor(seed, `${name} ${executor}`));
    this.#executor = executor;
  }

  /** Aborts when the trial is over before its time. */
  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  /** Starts a server and watches over it; it is killed at the end if it is still there. */
  async serve(options: Omit<ServerOptions, "executor"> = {}, load: Load = {}): Promise<Server> {
    this.doing("starting a server");
    const server = await Server.start({ executor: this.#executor, ...options }, (spawned) => this.defer(() => spawned.remove()));
    this.signal.throwIfAborted();
    this.#servers.push(server);
    this.watch(server.database, load);
    this.each(EVERY_MS, () => (this.#heldMs = Math.max(this.#heldMs, server.probed?.heldMs ?? 0)));
    return server;
  }

  /** Looks at a database each second; the trial fails when an instance that could go on does not. */
  watch(database: Pick<Database, "running" | "due" | "queued">, load: Load = {}): void {
    const watchdog = new Watchdog(database, load);
    let blind = 0;
    this.each(EVERY_MS, () => {
      try {
        const stuck = watchdog.look(Date.now());
        blind = 0;
        if (stuck.length > 0) this.fail("every instance that can go on does", describe(stuck));
      } catch (cause) {
        // A database is busy for a moment now and then.
        if ((blind += 1) > BLIND_LOOKS) this.fail("the database can be read", String(cause));
      }
    });
  }

  /** Samples are kept, and have to be flat, while this goes on: the load should be the same from its beginning to its end. */
  async steadily<T>(work: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    this.#isSteady = true;
    this.each(EVERY_MS, () => this.#isSteady && this.#sample(performance.now() - begun));
    try {
      return await work();
    } finally {
      this.#isSteady = false;
    }
  }

  /** What it does from now on: printed when that never ends. */
  doing(what: string): void {
    this.#doing = what;
  }

  /** Asks again and again, and resolves when it is so. Rejects when the trial is over. */
  async until(what: string, holds: () => boolean): Promise<void> {
    this.doing(`waiting until ${what}`);
    while (!holds()) await this.pause(10);
  }

  /** Rejects when the trial is over. */
  async pause(ms: number): Promise<void> {
    this.signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.signal.throwIfAborted();
  }

  check(what: string, holds: boolean, detail: unknown = ""): void {
    this.#checks.push({ what, holds, detail: holds ? "" : `${String(detail)}${this.#complaints()}` });
  }

  fact(name: string, value: number, unit: string): void {
    this.#facts.push({ name, value, unit });
  }

  /** Ends the trial, which has failed. */
  fail(what: string, detail: string): void {
    if (this.signal.aborted) return;
    this.check(what, false, `${detail}\n    while it was ${this.#doing}`);
    this.#aborter.abort(new Error(`${what}: no`));
  }

  /** Cleans up at the end of the trial; at once when that has been. */
  defer(cleanUp: () => Promise<unknown>): void {
    if (this.#isOver) void cleanUp();
    else this.#cleanUps.push(cleanUp);
  }

  /** Does something again and again until the trial is over. */
  each(ms: number, work: () => void): void {
    const timer = setInterval(work, ms);
    this.defer(() => Promise.resolve(clearInterval(timer)));
  }

  /** Runs the scenario to its end, or to the trial's; never rejects. */
  async run({ name, executor, limitMs, run }: Scenario): Promise<Result> {
    const deadline = setTimeout(() => this.fail(`done within ${Math.round(limitMs / 1_000)} s`, this.#where()), limitMs);
    const aborted = new Promise<never>((_, reject) => {
      this.signal.addEventListener("abort", () => reject(this.signal.reason as Error), { once: true });
    });
    try {
      this.signal.throwIfAborted();
      await Promise.race([run(this), aborted]);
      for (const server of this.#servers) this.check("a server that is asked to stop ends well", (await server.stop()) === 0);
    } catch (cause) {
      if (!this.signal.aborted) this.fail("the scenario runs to its end", cause instanceof Error ? cause.message : String(cause));
    }
    clearTimeout(deadline);
    await this.#cleanUp();
    const series = this.#series();
    for (const each of series) this.#checkFlat(each);
    this.fact("longest hold of the event loop", Math.round(this.#heldMs), "ms");
    this.check(`the event loop is never held for ${HELD_MS} ms`, this.#heldMs < HELD_MS, `${Math.round(this.#heldMs)} ms`);
    const seconds = (performance.now() - this.#begun) / 1_000;
    return { name, executor, seconds, checks: this.#checks, facts: this.#facts, series };
  }

  /** Bounded: a clean-up that hangs is left behind, and said. */
  async #cleanUp(): Promise<void> {
    this.#isOver = true;
    this.#aborter.abort(new Error("The trial is over"));
    const timer = Promise.withResolvers<boolean>();
    const late = setTimeout(() => timer.resolve(false), CLEAN_UP_MS);
    const all = Promise.allSettled(this.#cleanUps.map((each) => each())).then(() => true);
    if (!(await Promise.race([all, timer.promise]))) this.check(`cleaned up within ${CLEAN_UP_MS / 1_000} s`, false);
    clearTimeout(late);
  }

  #sample(at: number): void {
    const sums = new Map<SeriesName, number>();
    const add = (name: SeriesName, value: number): unknown => sums.set(name, (sums.get(name) ?? 0) + value);
    for (const server of this.#servers) {
      const { probed } = server;
      if (probed === undefined) return;
      const workerds = server.workerds();
      add("server memory", residentBytes(server.pid) / MIB);
      add("server heap", probed.heap / MIB);
      if (server.executor === "workerd") add("workerd memory", workerds.reduce((sum, pid) => sum + residentBytes(pid), 0) / MIB);
      add(
        "file descriptors",
        [server.pid, ...workerds].reduce((sum, pid) => sum + openFiles(pid), 0),
      );
      add("timers", probed.timers);
      add("handles", probed.handles);
    }
    for (const [name, value] of sums) {
      const samples = this.#samples.get(name);
      if (samples === undefined) this.#samples.set(name, [{ at, value }]);
      else samples.push({ at, value });
    }
  }

  #series(): Series[] {
    return [...this.#samples].map(([name, samples]) => ({ name, samples, growth: growth(samples, SERIES[name]) }));
  }

  #checkFlat({ name, growth: found }: Series): void {
    if (found === undefined) return;
    const { second, last, trend, allowed, isFlat } = found;
    const figures = [second, last, trend, allowed].map((value) => Math.round(value));
    this.check(
      `${name}: flat after the first quarter`,
      isFlat,
      `${figures[0]} to ${figures[1]}, trend ${figures[2]}, allowed ${figures[3]}`,
    );
  }

  #where(): string {
    const states = this.#servers.map(({ database }) => {
      try {
        return `instances: ${database.summary()}`;
      } catch (cause) {
        return `its database cannot be read: ${String(cause)}`;
      }
    });
    return states.join("; ");
  }

  #complaints(): string {
    const lines = this.#servers.flatMap((server) => server.complaints());
    return lines.length === 0 ? "" : `\n    the log says:\n${lines.map((line) => `      ${line.slice(0, 300)}`).join("\n")}`;
  }
}
