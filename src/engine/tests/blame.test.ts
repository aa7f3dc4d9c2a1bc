/**
 * Who is to blame when a host ends. An instance that takes its host down is found among those that were in it with it, and
 * fails with a message that says what it did; its neighbours complete, though no retry is left to them.
 */
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { InstanceEvent } from "../../model/instance/events.ts";
import { LIMITS } from "../../model/limits.ts";
import { encode } from "../../model/values/value.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log, LogFields } from "../../ports/log.ts";
import { openMemoryStore } from "../../stores/memory/open.ts";
import type { WorkflowStep } from "../../runtime/cloudflare/workers.ts";
import type { WorkflowClass } from "../../runtime/run/runtime.ts";
import { deployClasses, startEngine } from "../../testing/engine-bench.ts";
import { failingExecutor, type Habitat } from "../../../test/faults/failing-executor.ts";
import { fakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import type { Engine, InstanceAddress } from "../contract.ts";

const NO_RETRIES = { retries: { limit: 0, delay: 0 }, timeout: "1 hour" } as const;
const MANY_RETRIES = { retries: { limit: 1_000, delay: 0 }, timeout: "1 hour" } as const;

/** What a poisonous step does to its host, and how long after it has begun, in milliseconds. */
interface Poison {
  readonly act: "hang" | "die";
  readonly afterMs: number;
}

interface World {
  readonly engine: Engine;
  readonly clock: FakeClock;
  readonly logged: { readonly level: string; readonly message: string; readonly fields: LogFields }[];
  readonly executor: ReturnType<typeof failingExecutor>;
}

let world: World | undefined;
afterEach(async () => {
  await world?.engine.close();
  world = undefined;
});

/** Lets so much time pass. */
function elapse(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => (ms === 0 ? resolve() : void clock.alarm(clock.now() + ms, resolve)));
}

function classesOf(clock: Clock, poison: Poison, habitat: Habitat): Record<string, WorkflowClass> {
  class Worker {
    run(_: unknown, step: WorkflowStep): Promise<unknown> {
      return step.do("work", NO_RETRIES, async () => {
        // As long as it takes to be in every end that its host may come to.
        await elapse(clock, 45_000);
        return habitat.isOver ? new Promise<never>(() => {}) : "done";
      });
    }
  }
  class Poisonous {
    async run(_: unknown, step: WorkflowStep): Promise<unknown> {
      await step.do("harmless", () => 1);
      return step.do("poison", MANY_RETRIES, () => harm(clock, poison, habitat));
    }
  }
  class Between {
    async run(_: unknown, step: WorkflowStep): Promise<unknown> {
      await step.do("harmless", () => 1);
      return harm(clock, poison, habitat);
    }
  }
  return { Worker, Poisonous, Between };
}

async function harm(clock: Clock, { act, afterMs }: Poison, habitat: Habitat): Promise<unknown> {
  await elapse(clock, afterMs);
  if (act === "hang") habitat.hang();
  else habitat.die("Error: uncaught");
  return new Promise<never>(() => {});
}

async function open(poison: Poison): Promise<World> {
  const { store, catalog } = openMemoryStore();
  await deployClasses(catalog, ["Worker", "Poisonous", "Between"]);
  const clock = fakeClock();
  const logged: World["logged"] = [];
  const say =
    (level: string) =>
    (message: string, fields: LogFields = {}): void =>
      void logged.push({ level, message, fields });
  const log: Log = { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
  const executor = failingExecutor({ clock, classes: (habitat) => classesOf(clock, poison, habitat) });
  const engine = await startEngine({ store, catalog, executor, clock, ids: { uuid: () => "id" }, log });
  return (world = { engine, clock, logged, executor });
}

/** Lets an hour pass, in which everything has to end. */
async function settle({ engine, clock }: World, addresses: readonly InstanceAddress[]): Promise<string[]> {
  for (let second = 0; ; second += 1) {
    for (let turn = 0; turn < 12; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    const statuses = await Promise.all(addresses.map(async (address) => (await engine.summary(address)).status));
    if (second > 3_600 || statuses.every((status) => status === "complete" || status === "errored")) return statuses;
    clock.advance(1_000);
  }
}

async function events({ engine }: World, address: InstanceAddress): Promise<InstanceEvent[]> {
  const found: InstanceEvent[] = [];
  for await (const events of engine.history(address)) for (const event of events) found.push(event);
  return found;
}

function lostIn(found: readonly InstanceEvent[]): string[] {
  return found.flatMap((event) => (event.type === "attempt_errored" ? [event.lost ?? "by itself"] : []));
}

const CULPRIT: InstanceAddress = { workflow: "Poisonous", id: "culprit" };

async function start(opened: World, innocents: number, culprit: InstanceAddress): Promise<InstanceAddress[]> {
  const ids = Array.from({ length: innocents }, (_, i) => ({ id: `w${i}` }));
  if (ids.length > 0) await opened.engine.create("Worker", ids, "api");
  await opened.engine.create(culprit.workflow, [{ id: culprit.id }], "api");
  return ids.map(({ id }) => ({ workflow: "Worker", id }));
}

describe("an instance that takes its host down", () => {
  test("is found among its neighbours, and fails; they complete without a retry", { timeout: 60_000 }, async () => {
    const poison = fc.record({
      act: fc.constantFrom("hang" as const, "die" as const),
      afterMs: fc.constantFrom(0, 0, 500, 20_000),
    });
    await fc.assert(
      fc.asyncProperty(fc.nat(12), poison, async (innocents, poisons) => {
        const opened = await open(poisons);
        const workers = await start(opened, innocents, CULPRIT);
        const statuses = await settle(opened, [...workers, CULPRIT]);
        expect(statuses).toEqual([...workers.map(() => "complete"), "errored"]);
        const halvings = Math.ceil(Math.log2(innocents + 1)) + 1;
        for (const worker of workers) {
          const lost = lostIn(await events(opened, worker));
          expect(lost.length).toBeLessThanOrEqual(halvings);
          expect(new Set([...lost, "shared"])).toEqual(new Set(["shared"]));
        }
        const found = await events(opened, CULPRIT);
        expect(lostIn(found).filter((lost) => lost === "alone")).toHaveLength(LIMITS.recoveries + 1);
        const how = poisons.act === "hang" ? "its host hung: no answer for 30000 ms" : "its host died: Error: uncaught";
        const last = found.findLast((event) => event.type === "attempt_errored");
        expect(last).toMatchObject({ name: "poison", error: { name: "WorkflowInternalError" } });
        const message = last?.type === "attempt_errored" ? last.error.message : "";
        expect(message).toContain('Step "poison-1" is given up: an attempt of it was lost with its host 6 times in a row, alone');
        expect(message).toContain(`at attempt ${last?.type === "attempt_errored" ? last.attempt : 0}, ${how}`);
        await opened.engine.close();
      }),
      { numRuns: 40 },
    );
  });

  test("between its steps fails as a whole, and no other instance does", async () => {
    const opened = await open({ act: "hang", afterMs: 0 });
    const culprit = { workflow: "Between", id: "b" };
    const workers = await start(opened, 5, culprit);
    expect(await settle(opened, [...workers, culprit])).toEqual([...workers.map(() => "complete"), "errored"]);
    expect((await events(opened, culprit)).at(-1)).toMatchObject({
      error: {
        message: expect.stringMatching(
          /^The instance was lost with its host \d+ times in a row without starting a step/,
        ) as unknown,
      },
    });
  });

  test("is named in the log, with its step, how long that had run and how its host ended", async () => {
    const opened = await open({ act: "hang", afterMs: 500 });
    const workers = await start(opened, 2, CULPRIT);
    await settle(opened, [...workers, CULPRIT]);
    const first = opened.logged.find(({ message }) => message.startsWith("A host ended"));
    expect(first?.fields).toEqual({
      script: "script",
      scriptVersion: "s1",
      end: "hung",
      silentMs: 30_000,
      isShared: false,
      instances: 3,
    });
    const one = opened.logged.find(({ message }) => message === "The host was running this run and others");
    expect(one?.fields).toMatchObject({ script: "script", workflow: "Worker", instance: "w0", step: "work-1", attempt: 1 });
    const alone = opened.logged.find(({ message }) => message === "The host was running only this run");
    expect(alone?.fields).toMatchObject({ workflow: "Poisonous", instance: "culprit", step: "poison-1", ranMs: 31_000 });
    expect(
      opened.logged.find(({ message }) => message === "A step failed after repeated losses of its host")?.fields,
    ).toMatchObject({
      workflow: "Poisonous",
      instance: "culprit",
      step: "poison-1",
      reason: expect.stringContaining("its host hung: no answer for 30000 ms") as unknown,
    });
  });

  test("when all of them do, no more hosts than a few are open, and all fail in bounded time", { timeout: 30_000 }, async () => {
    const opened = await open({ act: "die", afterMs: 500 });
    const all = Array.from({ length: 60 }, (_, i) => ({ workflow: "Poisonous", id: `p${i}` }));
    await opened.engine.create(
      "Poisonous",
      all.map(({ id }) => ({ id, params: encode(null) })),
      "api",
    );
    let most = 0;
    const watched = {
      ...opened,
      clock: {
        ...opened.clock,
        advance: (ms: number) => {
          most = Math.max(most, opened.executor.hosts);
          opened.clock.advance(ms);
        },
      },
    };
    expect(new Set(await settle(watched, all))).toEqual(new Set(["errored"]));
    expect(most).toBeLessThanOrEqual(40);
  });

  test("leaves no unused host behind", async () => {
    const opened = await open({ act: "die", afterMs: 0 });
    const workers = await start(opened, 5, CULPRIT);
    await settle(opened, [...workers, CULPRIT]);
    for (let second = 0; second < 120; second += 1) {
      opened.clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(opened.executor.hosts).toBe(0);
  });
});
