/**
 * The promise of a rollback: wherever it is interrupted, and however often, all that had started is undone, the last first,
 * and no handler whose success was durable runs again. Programs are made up and cut off at commits, as in `replay.test.ts`.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inProcessExecutor } from "../../executors/in-process/executor.ts";
import type { InstanceEvent } from "../../model/instance/events.ts";
import { isFinal } from "../../model/instance/status.ts";
import { NonRetryableError } from "../../model/values/thrown.ts";
import type { Catalog } from "../../ports/catalog/catalog.ts";
import type { Store } from "../../ports/store.ts";
import type { WorkflowRollbackContext, WorkflowStepContext } from "../../runtime/steps/step-types.ts";
import type { WorkflowStep } from "../../runtime/cloudflare/workers.ts";
import { openMemoryStore } from "../../stores/memory/open.ts";
import { deployClasses, startEngine } from "../../testing/engine-bench.ts";
import { FailingStore } from "../../../test/faults/failing-store.ts";
import { fakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { MortalStore } from "../../../test/faults/mortal-store.ts";
import type { Engine } from "../contract.ts";
import { readRow } from "../journal/row.ts";

const RETRIES = { retries: { limit: 1_000, delay: 100, backoff: "constant" } } as const;
const ADDRESS = { workflow: "Program", id: "p" };

/** What a made-up program may do. `undo`: how often the step's handler fails; null when it has none. */
type Act =
  | { readonly is: "do"; readonly fails: number; readonly undo: number | null }
  | { readonly is: "sleep"; readonly ms: number }
  | { readonly is: "both"; readonly branches: readonly Act[][] };

const { program } = fc.letrec<{ act: Act; program: Act[] }>((tie) => ({
  act: fc.oneof(
    { maxDepth: 2 },
    fc.record({ is: fc.constant("do" as const), fails: fc.constantFrom(0, 0, 1), undo: fc.constantFrom(null, 0, 0, 1, 2) }),
    fc.record({ is: fc.constant("sleep" as const), ms: fc.constantFrom(0, 500) }),
    fc.record({ is: fc.constant("both" as const), branches: fc.array(tie("program"), { minLength: 2, maxLength: 2 }) }),
  ),
  program: fc.array(tie("act"), { minLength: 2, maxLength: 5 }),
}));

/** One life of the engine. A dead one makes no calls, though its objects still exist. */
interface Life {
  dead: boolean;
}

interface World {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly clock: FakeClock;
  /** How often each callback and handler was called, in all lives together. */
  readonly calls: Map<string, number>;
  readonly acts: readonly Act[];
  readonly throws: boolean;
  /** The errors that handlers were given, in all lives together. */
  readonly errors: Set<string>;
}

async function makeWorld(acts: readonly Act[], throws: boolean): Promise<World> {
  const { store, catalog } = openMemoryStore();
  await deployClasses(catalog, ["Program"]);
  return { store, catalog, clock: fakeClock(), calls: new Map(), acts, throws, errors: new Set() };
}

async function perform(acts: readonly Act[], step: WorkflowStep, world: World, life: Life, branch: string): Promise<void> {
  for (const act of acts) {
    if (act.is === "sleep") await step.sleep(`${branch}nap`, act.ms);
    else if (act.is === "both")
      await Promise.all(act.branches.map((each, i) => perform(each, step, world, life, `${branch}${i}.`)));
    else await performDo(act, step, world, life, branch);
  }
}

function performDo(act: Act & { is: "do" }, step: WorkflowStep, world: World, life: Life, branch: string): Promise<unknown> {
  const tried = (key: string, fails: number): Promise<string> => {
    if (life.dead) return new Promise(() => {});
    const called = (world.calls.get(key) ?? 0) + 1;
    world.calls.set(key, called);
    return called <= fails ? Promise.reject(new TypeError(`failure ${called}`)) : Promise.resolve(key);
  };
  const callback = ({ step: { name, count } }: WorkflowStepContext): Promise<string> => tried(`${name}-${count}`, act.fails);
  const { undo } = act;
  if (undo === null) return step.do(`${branch}a`, RETRIES, callback);
  const rollback = async ({ stepName, output, error }: WorkflowRollbackContext<string>): Promise<void> => {
    // What a step has returned, or nothing where it was cut off before that.
    expect([stepName, undefined]).toContain(output);
    if (!life.dead) world.errors.add(String(error));
    await tried(`undo ${stepName}`, undo);
  };
  return step.do(`${branch}a`, RETRIES, callback, { rollback, rollbackConfig: RETRIES });
}

function open(world: World, store: Store, life: Life): Promise<Engine> {
  class Program {
    async run(_: unknown, step: WorkflowStep): Promise<void> {
      await perform(world.acts, step, world, life, "");
      if (world.throws) throw new NonRetryableError("this is the end");
      await step.sleep("long", "1 day");
    }
  }
  const { catalog, clock } = world;
  const executor = inProcessExecutor({ classes: { Program }, now: () => clock.now() });
  return startEngine({ store, catalog, executor, clock, ids: { uuid: () => "id" } });
}

/** Lets the engine work and time pass, until the instance has ended or `stop` says so. */
async function live(world: World, stop: () => boolean): Promise<void> {
  for (let turn = 0; turn < 3_000 && !stop(); turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    const summary = await world.store.find(ADDRESS.workflow, ADDRESS.id);
    if (summary !== undefined && isFinal(summary.status)) return;
    if (turn % 10 === 9) world.clock.advance(700);
  }
}

async function journal({ store }: World): Promise<InstanceEvent[]> {
  const found = await store.find(ADDRESS.workflow, ADDRESS.id);
  return found === undefined ? [] : (await store.load(found.pk, 0, 1e9)).flatMap((row) => readRow(row));
}

/** The calls that need not be made again. */
async function completed(world: World): Promise<Set<string>> {
  const done = new Set<string>();
  for (const event of await journal(world)) {
    if (event.type === "step_completed") done.add(`${event.name}-${event.count}`);
    if (event.type === "rollback_step_completed") done.add(`undo ${event.name}-${event.count}`);
  }
  return done;
}

type Cut = { readonly commits: number; readonly applied: boolean };

/**
 * Lets the instance live through one life of the engine for each cut, and then to its end; `meddle` acts at the start of each,
 * given how many there were before.
 */
async function interrupted(
  world: World,
  cuts: readonly Cut[],
  meddle: (engine: Engine, livesBefore: number) => void,
): Promise<void> {
  for (const [livesBefore, { commits, applied }] of [...cuts, { commits: Infinity, applied: true }].entries()) {
    const life: Life = { dead: false };
    const mortal = new MortalStore(world.store, commits, applied);
    mortal.died = () => {
      life.dead = true;
    };
    const before = await completed(world);
    const calledBefore = new Map(world.calls);
    const engine = await open(world, mortal.store, life);
    // Before it is there, or known to be, there is nothing to meddle with.
    void engine
      .create("Program", [{ id: ADDRESS.id }], "api")
      .catch(() => {})
      .then(() => meddle(engine, livesBefore));
    await live(world, () => life.dead);
    life.dead = true;
    for (const call of before) expect(world.calls.get(call)).toBe(calledBefore.get(call));
    if (commits === Infinity) await engine.close();
  }
}

/** Everything that started and has a handler is undone, each step once, and the last first; nothing else happens meanwhile. */
async function check(world: World, trigger: string): Promise<void> {
  const events = await journal(world);
  const names = (of: readonly InstanceEvent[]): string[] =>
    of.flatMap((event) => ("name" in event ? [`${event.name}-${event.count}`] : []));
  const started = events.filter((event) => event.type === "step_started" && event.rollback === true);
  const begun = events.findIndex(({ type }) => type === "rollback_started");
  expect(begun >= 0).toBe(started.length > 0);
  expect([...world.errors]).toEqual(started.length > 0 ? [trigger] : []);
  if (begun < 0) return;
  expect(names(events.filter(({ type }) => type === "rollback_step_completed"))).toEqual(names(started).toReversed());
  expect(events.at(-2)?.type).toBe("rollback_completed");
  const foreign = events
    .slice(begun + 1, -1)
    .filter(({ type }) => !type.startsWith("rollback_") && type !== "workflow_recovered");
  expect(foreign).toEqual([]);
}

describe("a rollback that is interrupted", () => {
  const cut: fc.Arbitrary<Cut> = fc.record({ commits: fc.nat(12), applied: fc.boolean() });

  test("undoes all that had started when the run rejects", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(program, fc.array(cut, { minLength: 2, maxLength: 6 }), async (acts, cuts) => {
        const world = await makeWorld(acts, true);
        await interrupted(world, cuts, () => {});
        await check(world, "Error: NonRetryableError: this is the end");
        expect((await journal(world)).at(-1)).toMatchObject({
          type: "workflow_errored",
          error: { name: "WorkflowFatalError", message: expect.stringContaining("was not handled") as string },
        });
      }),
      { numRuns: 150 },
    );
  });

  test("undoes all started steps when it is terminated", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(program, fc.array(cut, { minLength: 2, maxLength: 6 }), fc.nat(3), async (acts, cuts, untouched) => {
        const world = await makeWorld(acts, false);
        await interrupted(world, cuts, (engine, livesBefore) => {
          if (livesBefore >= Math.min(untouched, cuts.length)) void engine.terminate(ADDRESS, { rollback: true }).catch(() => {});
        });
        await check(world, "Terminated: Instance terminated during rollback");
        expect((await journal(world)).at(-1)?.type).toBe("workflow_terminated");
      }),
      { numRuns: 100 },
    );
  });
});

test("a rollback whose store fails again and again undoes all that had started", { timeout: 120_000 }, async () => {
  const faults = fc.record({
    refused: fc.constantFrom(0, 0.1, 0.5),
    replyLost: fc.constantFrom(0, 0.1, 0.3),
    unread: fc.constantFrom(0, 0.2),
    lateTurns: fc.constantFrom(0, 2),
  });
  await fc.assert(
    fc.asyncProperty(program, fc.nat(), faults, fc.nat(300), async (acts, seed, wrong, turns) => {
      const world = await makeWorld(acts, true);
      const failing = new FailingStore(world.store, seed, wrong);
      const engine = await open(world, failing.store, { dead: false });
      let turn = 0;
      const isOver = (most: number): boolean => {
        if (turn % 20 === 0) void engine.create("Program", [{ id: ADDRESS.id }], "api").catch(() => {});
        return (turn += 1) > most;
      };
      await live(world, () => isOver(turns));
      failing.mend();
      await live(world, () => isOver(Infinity));
      await engine.close();
      await check(world, "Error: NonRetryableError: this is the end");
      expect((await journal(world)).at(-1)?.type).toBe("workflow_errored");
    }),
    { numRuns: 60 },
  );
});
