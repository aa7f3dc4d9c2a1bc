/**
 * Schedules on an engine with a clock of its own. A process may die here: its store and catalogue stop answering after
 * a number of durable steps, and another engine goes on with what they hold.
 */
import { afterEach, describe, expect, test } from "vitest";
import { inProcessExecutor } from "../../executors/in-process/executor.ts";
import { LIMITS } from "../../model/limits.ts";
import { decode } from "../../model/values/value.ts";
import type { Catalog } from "../../ports/catalog/catalog.ts";
import type { Store } from "../../ports/store.ts";
import { fakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { openMemoryStore } from "../../stores/memory/open.ts";
import type { Engine } from "../contract.ts";
import { startEngine } from "../../testing/engine-bench.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** 2026-01-01T00:30Z, a Thursday. */
const START = Date.UTC(2026, 0, 1, 0, 30);
const HOURLY = "0 * * * *";

const at = (hour: number, minute = 0): number => Date.UTC(2026, 0, 1, hour, minute);

class Tick {
  async run(event: unknown): Promise<unknown> {
    return [Object.keys(event as object), event];
  }
}

/** What a process may still do that lasts. */
class Power {
  /** Durable steps until it fails. */
  left = Number.POSITIVE_INFINITY;
  /** Whether the last one still takes place. */
  finishes = false;
  off = false;

  async through<T>(act: () => Promise<T>): Promise<T> {
    if (this.off) return new Promise(() => undefined);
    this.left -= 1;
    if (this.left > 0) return act();
    this.off = true;
    if (this.finishes) await act();
    return new Promise(() => undefined);
  }
}

interface Process {
  readonly engine: Engine;
  readonly clock: FakeClock;
  readonly power: Power;
  /** Each commit asks here, and may be refused. */
  refuse: (() => boolean) | undefined;
}

/** What outlives a process. */
class Machine {
  readonly store: Store;
  readonly catalog: Catalog;
  #versions = 0;
  #processes: Process[] = [];

  constructor() {
    ({ store: this.store, catalog: this.catalog } = openMemoryStore());
  }

  async boot(now: number, finishes = false, left = Number.POSITIVE_INFINITY): Promise<Process> {
    const power = Object.assign(new Power(), { finishes, left });
    const clock = fakeClock(now);
    const { store, catalog } = this;
    const booted: { refuse: Process["refuse"] } = { refuse: undefined };
    const engine = await startEngine({
      store: bound(store, {
        commit: (batch, lease) =>
          booted.refuse?.() ? Promise.reject(new Error("The disk is full")) : power.through(() => store.commit(batch, lease)),
      }),
      catalog: bound(catalog, {
        follow: (entry, to) => power.through(() => catalog.follow(entry, to)),
        timetable: () => (power.off ? new Promise(() => undefined) : catalog.timetable()),
      }),
      executor: inProcessExecutor({ classes: { Tick }, now: () => clock.now() }),
      clock,
      ids: { uuid: () => crypto.randomUUID() },
    });
    const process = Object.assign(booted, { engine, clock, power });
    this.#processes.push(process);
    await quiet();
    return process;
  }

  async deploy(workflow: string, crons: readonly string[], createdAt: number): Promise<void> {
    this.#versions += 1;
    const id = `v${this.#versions}`;
    const script = { script: "script", hash: "1", code: "", bindings: [], compatibilityFlags: [], createdAt };
    await this.catalog.putScriptVersion({ id: "s1", ...script });
    await this.catalog.putWorkflow(
      { id: workflow, name: workflow, className: "Tick", script: "script", versionId: id, createdAt, modifiedAt: createdAt },
      {
        id,
        workflow,
        className: "Tick",
        scriptVersionId: "s1",
        createdAt,
        settings: { schedules: crons.map((cron) => ({ cron })) },
      },
    );
  }

  async ids(workflow = "tick"): Promise<string[]> {
    return (await this.store.list({ workflow, direction: "asc", limit: 100 })).map(({ id }) => id);
  }

  async close(): Promise<void> {
    for (const { engine, power } of this.#processes) if (!power.off) await engine.close();
  }
}

/** An object whose methods are called on what they came from; `over` replaces some. */
function bound<T extends object>(of: T, over: Partial<T>): T {
  return new Proxy(of, {
    get: (_, name) => {
      if (Object.hasOwn(over, name)) return Reflect.get(over, name) as unknown;
      const value: unknown = Reflect.get(of, name);
      return typeof value === "function" ? (value.bind(of) as unknown) : value;
    },
  });
}

async function quiet(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function pass(process: Process, ms: number): Promise<void> {
  process.clock.advance(ms);
  await quiet();
}

/** Moves on boundary by boundary, as time does. */
async function passHours(process: Process, hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour += 1) await pass(process, HOUR);
}

const hourly = (...hours: number[]): string[] => hours.map((hour) => `${HOURLY}-${at(hour)}`);

let machine: Machine;

async function deployed(...crons: string[]): Promise<Process> {
  machine = new Machine();
  await machine.deploy("tick", crons, START);
  return machine.boot(START);
}

afterEach(() => machine.close());

describe("a schedule", () => {
  test("creates an instance at each boundary, and passes the boundary to it", async () => {
    const process = await deployed(HOURLY);
    await pass(process, 30 * MINUTE - 1);
    expect(await machine.ids()).toEqual([]);
    await pass(process, 1);
    await passHours(process, 2);
    expect(await machine.ids()).toEqual(hourly(1, 2, 3));
    const [id = ""] = hourly(1);
    const address = { workflow: "tick", id };
    expect(await process.engine.summary(address)).toMatchObject({ status: "complete", trigger: "cron", createdAt: at(1) });
    let output: unknown;
    for await (const events of process.engine.history(address))
      for (const event of events) if (event.type === "workflow_completed") output = decode(event.output ?? "null");
    expect(output).toEqual([
      ["timestamp", "payload", "instanceId", "workflowName", "schedule"],
      {
        timestamp: new Date(at(1)),
        payload: {},
        instanceId: id,
        workflowName: "tick",
        schedule: { cron: HOURLY, scheduledTime: at(1) },
      },
    ]);
  });

  test("passes the same boundary again when the instance is restarted", async () => {
    const process = await deployed(HOURLY);
    await passHours(process, 1);
    const [id = ""] = hourly(1);
    await process.engine.restart({ workflow: "tick", id });
    await quiet();
    const kinds: unknown[] = [];
    for await (const events of process.engine.history({ workflow: "tick", id })) for (const event of events) kinds.push(event);
    expect(kinds[0]).toMatchObject({ trigger: "cron", schedule: { cron: HOURLY, scheduledTime: at(1) } });
  });

  test("shares the one alarm with all others, and each workflow has its own instances", async () => {
    const process = await deployed(HOURLY, "*/20 * * * *");
    const alarms = process.clock.pending;
    await machine.deploy("tock", [HOURLY], START);
    await quiet();
    expect(process.clock.pending).toBe(alarms);
    await pass(process, 10 * MINUTE);
    await pass(process, 20 * MINUTE);
    expect(await machine.ids()).toEqual([`*/20 * * * *-${at(0, 40)}`, ...hourly(1), `*/20 * * * *-${at(1)}`]);
    expect(await machine.ids("tock")).toEqual(hourly(1));
  });

  test("may have the longest expression that there is", async () => {
    const longest = HOURLY.padStart(LIMITS.cron, "0,");
    const process = await deployed(longest);
    await passHours(process, 1);
    const [id = ""] = await machine.ids();
    expect(id).toBe(`${longest}-${at(1)}`);
    expect(await process.engine.summary({ workflow: "tick", id })).toMatchObject({ status: "complete" });
  });
});

describe("a deployment", () => {
  test("does not fire for the past, and is followed from then on", async () => {
    machine = new Machine();
    const process = await machine.boot(at(9, 59));
    await machine.deploy("tick", [HOURLY], at(9, 59));
    await quiet();
    expect(await machine.ids()).toEqual([]);
    await pass(process, MINUTE);
    expect(await machine.ids()).toEqual(hourly(10));
  });

  test("is followed to a boundary that comes before the next look is due", async () => {
    machine = new Machine();
    const process = await machine.boot(at(9, 59) + 30_000);
    await machine.deploy("tick", [HOURLY], process.clock.now());
    await quiet();
    await pass(process, 29_999);
    expect(await machine.ids()).toEqual([]);
    await pass(process, 1);
    expect(await machine.ids()).toEqual(hourly(10));
  });

  test("without the schedule ends it; a later one with it starts afresh", async () => {
    const process = await deployed(HOURLY);
    await passHours(process, 1);
    await machine.deploy("tick", [], process.clock.now());
    await passHours(process, 3);
    expect(await machine.ids()).toEqual(hourly(1));
    await machine.deploy("tick", [HOURLY], process.clock.now());
    await quiet();
    await passHours(process, 1);
    expect(await machine.ids()).toEqual(hourly(1, 5));
  });

  test("with the schedule, made while the server was down, does not cancel the missed boundary", async () => {
    const process = await deployed(HOURLY);
    await passHours(process, 1);
    await process.engine.close();
    await machine.deploy("tick", [HOURLY, "30 * * * *"], at(5, 10));
    await machine.boot(at(5, 20));
    expect(await machine.ids()).toEqual(hourly(1, 5));
  });

  test("is looked at even when it comes while the schedules are being read", async () => {
    machine = new Machine();
    const process = await machine.boot(START);
    await machine.deploy("tick", [HOURLY], START);
    await quiet();
    await passHours(process, 1);
    expect(await machine.ids()).toEqual(hourly(1));
  });

  test("that takes the workflow away takes its schedules away", async () => {
    const process = await deployed(HOURLY);
    await machine.catalog.removeWorkflow("tick");
    await passHours(process, 2);
    expect(await machine.ids()).toEqual([]);
  });
});

describe("time", () => {
  test("during which the server was down is made up for once, with the latest boundary", async () => {
    const process = await deployed(HOURLY);
    await passHours(process, 1);
    await process.engine.close();
    const later = await machine.boot(at(7, 15));
    expect(await machine.ids()).toEqual(hourly(1, 7));
    await passHours(later, 1);
    expect(await machine.ids()).toEqual(hourly(1, 7, 8));
  });

  test("that jumps over boundaries is made up for once", async () => {
    const process = await deployed(HOURLY);
    await pass(process, 5 * HOUR);
    await pass(process, 0);
    expect(await machine.ids()).toEqual(hourly(5));
    await passHours(process, 1);
    expect(await machine.ids()).toEqual(hourly(5, 6));
  });

  test("that is set back makes nothing come twice, whether or not the instances are still there", async () => {
    const process = await deployed(HOURLY);
    await passHours(process, 3);
    await process.engine.remove("tick", hourly(2, 3));
    await process.engine.close();
    const again = await machine.boot(at(1, 30));
    await passHours(again, 2);
    expect(await machine.ids()).toEqual(hourly(1));
    await passHours(again, 1);
    expect(await machine.ids()).toEqual(hourly(1, 4));
  });
});

describe("failures", () => {
  test("of a commit are made up for, without another boundary being needed", async () => {
    const process = await deployed(HOURLY);
    let refusals = 2;
    process.refuse = () => (refusals -= 1) >= 0;
    await passHours(process, 1);
    expect(await machine.ids()).toEqual([]);
    // The commit was the first to be refused, the one that tries whether they work again the second.
    for (let second = 0; second < 3; second += 1) await pass(process, 1_000);
    expect(await machine.ids()).toEqual(hourly(1));
  });

  test("closing leaves no alarm, and creates nothing", async () => {
    const process = await deployed(HOURLY);
    await process.engine.close();
    expect(process.clock.pending).toBe(0);
    await quiet();
    expect([await machine.ids(), process.clock.pending]).toEqual([[], 0]);
  });
});

/** How many durable steps one boundary takes, with all that the instance does. */
async function stepsOfABoundary(): Promise<number> {
  const process = await deployed(HOURLY);
  process.power.left = 1_000;
  await passHours(process, 1);
  await machine.close();
  return 1_000 - process.power.left;
}

describe("a process that dies at any durable step", () => {
  test.each([false, true])("(the step takes place: %s) loses no boundary, and none comes twice", async (finishes) => {
    const steps = await stepsOfABoundary();
    // Creating the instance, following the schedule, and at least one step of the instance itself.
    expect(steps).toBeGreaterThanOrEqual(3);
    for (let left = 1; left <= steps; left += 1) {
      machine = new Machine();
      await machine.deploy("tick", [HOURLY], START);
      const process = await machine.boot(START, finishes, left);
      await passHours(process, 1);
      expect(process.power.off).toBe(true);
      const next = await machine.boot(process.clock.now());
      expect(await machine.ids()).toEqual(hourly(1));
      expect(await machine.store.statusCounts("tick")).toEqual({ complete: 1 });
      // From now on it is not only the instance that tells of its boundary.
      await next.engine.remove("tick", hourly(1));
      await next.engine.close();
      const last = await machine.boot(next.clock.now());
      await passHours(last, 2);
      expect(await machine.ids()).toEqual(hourly(2, 3));
      await machine.close();
    }
  });

  test("once more while it makes up for the outage", async () => {
    const steps = await stepsOfABoundary();
    for (let left = 1; left <= steps; left += 1) {
      machine = new Machine();
      await machine.deploy("tick", [HOURLY], START);
      const dead = await machine.boot(at(6, 10), false, left);
      expect(dead.power.off).toBe(true);
      await machine.boot(at(6, 20));
      expect(await machine.ids()).toEqual(hourly(6));
      await machine.close();
    }
  });
});
