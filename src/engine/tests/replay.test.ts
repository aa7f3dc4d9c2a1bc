/**
 * The promise of the engine: an instance that is interrupted anywhere ends as if it had not been, and no step whose
 * result was durable runs again. Programs are generated and interrupted at any commit, several times over. The expected
 * result comes from an interpreter that knows nothing of the engine, the expected journal from an uninterrupted run.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inProcessExecutor } from "../../executors/in-process/executor.ts";
import type { InstanceEvent } from "../../model/instance/events.ts";
import { logOf, logView } from "../../model/views/log.ts";
import { LIMITS } from "../../model/limits.ts";
import { NonRetryableError } from "../../model/values/thrown.ts";
import { decode, encode } from "../../model/values/value.ts";
import type { Catalog } from "../../ports/catalog/catalog.ts";
import type { Store } from "../../ports/store.ts";
import type { WorkflowStep } from "../../runtime/cloudflare/workers.ts";
import { openMemoryStore } from "../../stores/memory/open.ts";
import { failingExecutor, type Fault } from "../../../test/faults/failing-executor.ts";
import { FailingStore, type Faults } from "../../../test/faults/failing-store.ts";
import { fakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { MortalStore } from "../../../test/faults/mortal-store.ts";
import type { Engine } from "../contract.ts";
import { readRow } from "../journal/row.ts";
import { startEngine } from "../../testing/engine-bench.ts";

/** As many as a step has failures, and not one more: an attempt that is cut off is no retry. */
function retries(limit: number): {
  readonly retries: { readonly limit: number; readonly delay: number; readonly backoff: "constant" };
} {
  return { retries: { limit, delay: 100, backoff: "constant" } };
}

/** What a made-up program may do. */
type Act =
  | { readonly is: "do"; readonly name: string; readonly fails: number }
  | { readonly is: "caught"; readonly name: string }
  /** The error is not caught: the instance fails. */
  | { readonly is: "thrown"; readonly name: string }
  /** A race of a step against a longer sleep, which is not awaited any more. */
  | { readonly is: "race"; readonly name: string; readonly fails: number }
  | { readonly is: "sleep"; readonly ms: number }
  | { readonly is: "wait"; readonly timesOut: boolean }
  | { readonly is: "all"; readonly branches: readonly Act[][] };

const name = fc.constantFrom("a", "b", "c");
const fails = fc.constantFrom(0, 0, 0, 1, 2);
const { program } = fc.letrec<{ act: Act; program: Act[] }>((tie) => ({
  act: fc.oneof(
    { maxDepth: 2 },
    { weight: 4, arbitrary: fc.record({ is: fc.constant("do" as const), name, fails }) },
    { weight: 4, arbitrary: fc.record({ is: fc.constant("caught" as const), name }) },
    { weight: 1, arbitrary: fc.record({ is: fc.constant("thrown" as const), name }) },
    { weight: 2, arbitrary: fc.record({ is: fc.constant("race" as const), name, fails }) },
    { weight: 4, arbitrary: fc.record({ is: fc.constant("sleep" as const), ms: fc.constantFrom(0, 500, 5_000) }) },
    { weight: 4, arbitrary: fc.record({ is: fc.constant("wait" as const), timesOut: fc.boolean() }) },
    {
      weight: 4,
      arbitrary: fc.record({
        is: fc.constant("all" as const),
        branches: fc.array(tie("program"), { minLength: 2, maxLength: 3 }),
      }),
    },
  ),
  program: fc.array(tie("act"), { maxLength: 4 }),
}));

/** How often each attempt's callback was called, in all lives of the engine together. */
type Calls = Map<string, number>;

/** One life of the engine, or of a host. A dead one makes no calls, though its objects still exist. */
interface Life {
  readonly dead: boolean;
  readonly calls: Calls;
}

interface EngineLife extends Life {
  dead: boolean;
}

function interpreter(
  program: readonly Act[],
  life: Life,
): new () => { run(event: unknown, step: WorkflowStep): Promise<unknown> } {
  return class Program {
    run(_event: unknown, step: WorkflowStep): Promise<unknown> {
      return perform(program, step, life, "");
    }
  };
}

/** Names differ by branch: the order of two parallel steps of one name is not promised. */
async function perform(acts: readonly Act[], step: WorkflowStep, life: Life, branch: string): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (const act of acts) seen.push(await performOne(act, step, life, branch));
  return seen;
}

async function performOne(act: Act, step: WorkflowStep, life: Life, branch: string): Promise<unknown> {
  switch (act.is) {
    case "do":
      return tried(act, step, life, branch);
    case "race":
      return Promise.race([tried(act, step, life, branch), step.sleep(`${branch}longest`, "364 days").then(() => "outrun")]);
    case "thrown":
      return step.do(branch + act.name, retries(0), () => {
        throw new NonRetryableError("fatal");
      });
    case "caught":
      try {
        return await step.do(branch + act.name, retries(0), () => {
          throw new NonRetryableError("always");
        });
      } catch (error) {
        return [(error as Error).constructor.name, (error as Error).message];
      }
    case "sleep":
      await step.sleep(`${branch}nap`, act.ms);
      return "slept";
    case "wait":
      try {
        return (
          (
            await step.waitForEvent(
              `${branch}wait`,
              act.timesOut ? { type: "never", timeout: "1 hour" } : { type: "go", timeout: "365 days" },
            )
          ).payload !== undefined
        );
      } catch (error) {
        return (error as Error).message;
      }
    case "all":
      return Promise.all(act.branches.map((acts, i) => perform(acts, step, life, `${branch}${i}.`)));
  }
}

function tried(
  act: { readonly name: string; readonly fails: number },
  step: WorkflowStep,
  life: Life,
  branch: string,
): Promise<unknown> {
  return step.do(branch + act.name, retries(act.fails), async (ctx) => {
    // Some are quick, and begin and end in one turn; others can be cut off in between.
    if (ctx.step.name.endsWith("b")) await new Promise((resolve) => setImmediate(resolve));
    if (life.dead) return new Promise(() => {});
    const called = note(life.calls, `${ctx.step.name}-${ctx.step.count}`);
    if (called <= act.fails) throw new TypeError(`failure ${called}`);
    return { step: ctx.step };
  });
}

/** How a program ends, according to what steps mean and nothing else: either what it returned, or that it failed. */
function reference(program: readonly Act[]): { output: unknown } | { failed: true } {
  const counts: Calls = new Map();
  const acts = (list: readonly Act[], branch: string): unknown[] => list.map((act) => one(act, branch));
  const one = (act: Act, branch: string): unknown => {
    const named = (name: string): { name: string; count: number } => ({
      name: branch + name,
      count: note(counts, branch + name),
    });
    switch (act.is) {
      case "do":
      case "race":
        return { step: named(act.name) };
      case "caught":
        named(act.name);
        return ["Error", "NonRetryableError: always"];
      case "thrown":
        throw new NonRetryableError("fatal");
      case "sleep":
        return "slept";
      case "wait":
        return act.timesOut ? `WorkflowTimeoutError: Execution timed out after ${60 * 60_000}ms` : true;
      case "all":
        return act.branches.map((list, i) => acts(list, `${branch}${i}.`));
    }
  };
  try {
    return { output: acts(program, "") };
  } catch {
    return { failed: true };
  }
}

function note(calls: Calls, key: string): number {
  const called = (calls.get(key) ?? 0) + 1;
  calls.set(key, called);
  return called;
}

const ADDRESS = { workflow: "Program", id: "p" };

interface World {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly clock: FakeClock;
  readonly calls: Calls;
  readonly program: readonly Act[];
}

async function makeWorld(program: readonly Act[]): Promise<World> {
  const { store, catalog } = openMemoryStore();
  const version = { id: "v1", workflow: "Program", className: "Program", scriptVersionId: "s1", createdAt: 0, settings: {} };
  await catalog.putScriptVersion({
    id: "s1",
    script: "s",
    hash: "1",
    code: "",
    bindings: [],
    compatibilityFlags: [],
    createdAt: 0,
  });
  await catalog.putWorkflow(
    { id: "w", name: "Program", className: "Program", script: "s", versionId: "v1", createdAt: 0, modifiedAt: 0 },
    version,
  );
  return { store, catalog, clock: fakeClock(), calls: new Map(), program };
}

function open(
  { catalog, clock, calls, program }: World,
  store: Store,
  life: EngineLife = { dead: false, calls },
): Promise<Engine> {
  const executor = inProcessExecutor({ classes: { Program: interpreter(program, life) }, now: () => clock.now() });
  return startEngine({ store, catalog, executor, clock, ids: { uuid: () => "id" } });
}

/** An engine whose hosts fail in turn as planned, and no longer once the plan is over. */
function openFailing({ store, catalog, clock, calls, program }: World, plan: readonly Fault[]): Promise<Engine> {
  let next = 0;
  const executor = failingExecutor({
    clock,
    classes: (habitat) => ({
      Program: interpreter(program, {
        calls,
        get dead() {
          return habitat.isOver;
        },
      }),
    }),
    nextFault: () => plan[next++],
  });
  return startEngine({ store, catalog, executor, clock, ids: { uuid: () => "id" } });
}

/** Lets the engine work, time pass and events come, until the instance has ended or `stop` says so. */
async function live(world: World, engine: Engine, stop: () => boolean): Promise<void> {
  for (let turn = 0; turn < 3_000 && !stop(); turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    const summary = await world.store.find(ADDRESS.workflow, ADDRESS.id);
    if (summary?.status === "complete" || summary?.status === "errored") return;
    if (turn % 10 === 4) await hurry(engine);
    if (turn % 10 !== 9) continue;
    world.clock.advance(700);
    if (turn % 50 === 49) void engine.sendEvent(ADDRESS, "go", encode(turn)).catch(() => {});
    if (turn % 100 === 99) world.clock.advance(3_600_000);
  }
}

/** Skips the delays before the next attempts, as a user may. */
async function hurry(engine: Engine): Promise<void> {
  const { steps } = await engine.waits(ADDRESS).catch(() => ({ steps: [] }));
  for (const { type, name: shown } of steps) {
    const [, name = "", count = "1"] = /^(.*)-(\d+)$/s.exec(shown) ?? [];
    if (type === "step") void engine.skipDelay(ADDRESS, { kind: "do", name, count: Number(count) }).catch(() => {});
  }
}

/** How it ended. */
function result(events: readonly InstanceEvent[]): unknown {
  const last = events.at(-1);
  if (last?.type === "workflow_completed") return { output: decode(last.output ?? "null") };
  return last?.type === "workflow_errored" ? { failed: true } : last;
}

/**
 * What the journal comes to: each step, and how it ended. Times and attempts that were cut off are left out, and which of
 * two parallel steps was the first. Of an instance that failed, only what it did before is certain.
 */
function steps(events: readonly InstanceEvent[]): unknown[] {
  const view = logView(true);
  for (const event of events) view.add(event);
  const entries = logOf(view)?.steps ?? [];
  return entries
    .map((entry) => {
      if (entry.type === "termination") return {};
      if ("attempts" in entry) return { name: entry.name, success: entry.success, output: entry.output };
      return { name: entry.name, finished: entry.finished, error: entry.error };
    })
    .sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
}

async function journal(world: World): Promise<InstanceEvent[]> {
  const found = await world.store.find(ADDRESS.workflow, ADDRESS.id);
  if (found === undefined) return [];
  return (await world.store.load(found.pk, 0, 1e9)).flatMap((row) => readRow(row));
}

/** The steps whose success is in the journal. */
async function completedSteps(world: World): Promise<Set<string>> {
  const events = await journal(world);
  return new Set(events.flatMap((event) => (event.type === "step_completed" ? [`${event.name}-${event.count}`] : [])));
}

async function uninterrupted(program: readonly Act[]): Promise<InstanceEvent[]> {
  const world = await makeWorld(program);
  const engine = await open(world, world.store);
  await engine.create("Program", [{ id: ADDRESS.id }], "api");
  await live(world, engine, () => false);
  await engine.close();
  return journal(world);
}

interface Cut {
  readonly commits: number;
  readonly applied: boolean;
}

/** A run is recorded as waiting for a sleep that is no longer awaited, just as it is sent on, and is interrupted there. */
const LOST_ONCE: [Act[], Cut[]][] = Array.from({ length: 16 }, (_, commits) => [
  [
    { is: "race", name: "a", fails: 0 },
    { is: "wait", timesOut: true },
    { is: "sleep", ms: 0 },
  ],
  [{ commits, applied: true }],
]);

describe("an instance that is interrupted", () => {
  test("ends as if it had not been, and repeats no step whose result was durable", { timeout: 120_000 }, async () => {
    const cut: fc.Arbitrary<Cut> = fc.record({ commits: fc.nat(12), applied: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(program, fc.array(cut, { minLength: 1, maxLength: 4 }), async (acts, cuts) => {
        const expected = reference(acts);
        const peer = await uninterrupted(acts);
        expect(result(peer)).toEqual(expected);
        const world = await makeWorld(acts);
        for (const { commits, applied } of cuts) {
          const mortal = new MortalStore(world.store, commits, applied);
          const life: EngineLife = { dead: false, calls: world.calls };
          mortal.died = () => {
            life.dead = true;
          };
          const before = await completedSteps(world);
          const calledBefore = new Map(world.calls);
          const engine = await open(world, mortal.store, life);
          void engine.create("Program", [{ id: ADDRESS.id }], "api").catch(() => {});
          await live(world, engine, () => life.dead);
          life.dead = true;
          for (const step of before) expect(world.calls.get(step)).toBe(calledBefore.get(step));
        }
        const engine = await open(world, world.store);
        await engine.create("Program", [{ id: ADDRESS.id }], "api");
        await live(world, engine, () => false);
        await engine.close();
        const events = await journal(world);
        expect(result(events)).toEqual(expected);
        if ("output" in expected) expect(steps(events)).toEqual(steps(peer));
      }),
      { numRuns: 400, examples: LOST_ONCE },
    );
  });

  test(
    "ends as if it had not been when its hosts fail, and only die of it if they never stop",
    { timeout: 120_000 },
    async () => {
      const after = fc.nat(6);
      const fault: fc.Arbitrary<Fault> = fc.oneof(
        fc.constant<Fault>({ is: "refuses" }),
        fc.record({ is: fc.constantFrom("dies" as const, "hangs" as const, "mute" as const, "repeats" as const), after }),
        fc.record({ is: fc.constant("late" as const), turns: fc.integer({ min: 1, max: 5 }) }),
        fc.constant<Fault>({ is: "shuffles" }),
      );
      // Each may cost an attempt, which the instance is alone with; one more than so many in a row would be its end.
      const plan = fc.array(fault, { minLength: 1, maxLength: LIMITS.recoveries });
      await fc.assert(
        fc.asyncProperty(program, plan, async (acts, faults) => {
          const world = await makeWorld(acts);
          const engine = await openFailing(world, faults);
          await engine.create("Program", [{ id: ADDRESS.id }], "api");
          await live(world, engine, () => false);
          await engine.close();
          const expected = reference(acts);
          const events = await journal(world);
          expect(result(events)).toEqual(expected);
          if ("output" in expected) expect(steps(events)).toEqual(steps(await uninterrupted(acts)));
        }),
        { numRuns: 300 },
      );
    },
  );

  test("is not held to account for a server that dies again and again before its code is ready", async () => {
    const world = await makeWorld([{ is: "do", name: "a", fails: 0 }]);
    const mortal = new MortalStore(world.store, 1, false);
    const life: EngineLife = { dead: false, calls: world.calls };
    mortal.died = () => {
      life.dead = true;
    };
    const first = await open(world, mortal.store, life);
    void first.create("Program", [{ id: ADDRESS.id }], "api").catch(() => {});
    await live(world, first, () => life.dead);
    for (let start = 0; start < 2 * LIMITS.recoveries; start += 1) {
      const executor = { name: "never ready", open: () => new Promise<never>(() => {}), close: () => Promise.resolve() };
      const { store, catalog, clock } = world;
      // It is not closed: it ends when the next engine takes the lease.
      await startEngine({ store, catalog, executor, clock, ids: { uuid: () => "id" } });
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    const last = await open(world, world.store);
    await live(world, last, () => false);
    await last.close();
    expect(result(await journal(world))).toEqual({ output: [{ step: { name: "a", count: 1 } }] });
  });
});

describe("an instance whose store fails again and again", () => {
  const share = fc.constantFrom(0, 0.1, 0.3, 0.6);
  const faults: fc.Arbitrary<Faults> = fc.record({
    refused: share,
    replyLost: fc.constantFrom(0, 0.1, 0.3),
    unread: fc.constantFrom(0, 0, 0.1, 0.4),
    lateTurns: fc.constantFrom(0, 0, 2),
  });

  test("ends as if it had not failed, and repeats no step whose result was durable", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(program, fc.nat(), faults, fc.nat(400), async (acts, seed, wrong, turns) => {
        const expected = reference(acts);
        const world = await makeWorld(acts);
        const done = new Set<string>();
        const failing = new FailingStore(noticing(world.store, done), seed, wrong);
        const repeated: string[] = [];
        const calls: Calls = new Map();
        calls.set = (key, called) => {
          if (done.has(key)) repeated.push(key);
          return Map.prototype.set.call(calls, key, called) as Calls;
        };
        const engine = await open(world, failing.store, { dead: false, calls });
        let turn = 0;
        const isOver = (most: number): boolean => {
          // A refused client retries.
          if (turn % 20 === 0) void engine.create("Program", [{ id: ADDRESS.id }], "api").catch(() => {});
          return (turn += 1) > most;
        };
        await live(world, engine, () => isOver(turns));
        failing.mend();
        await live(world, engine, () => isOver(Infinity));
        await engine.close();
        expect(result(await journal(world))).toEqual(expected);
        expect(repeated).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

/** Notes the steps whose success is durable, as soon as it is. */
function noticing(store: Store, done: Set<string>): Store {
  return new Proxy(store, {
    get: (target, verb: keyof Store) => {
      if (verb !== "commit") return target[verb].bind(target);
      return async (...[batch, lease]: Parameters<Store["commit"]>) => {
        const made = await store.commit(batch, lease);
        for (const { row } of batch.appends)
          for (const event of readRow(row)) if (event.type === "step_completed") done.add(`${event.name}-${event.count}`);
        return made;
      };
    },
  });
}
