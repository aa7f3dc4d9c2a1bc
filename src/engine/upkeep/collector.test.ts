/** What has ended is kept for as long as was said, not a moment longer, and is deleted without holding anything up. */
import { afterEach, expect, test } from "vitest";
import { inProcessExecutor } from "../../executors/in-process/executor.ts";
import type { Retention } from "../../model/instance/events.ts";
import type { Store } from "../../ports/store.ts";
import type { Batch } from "../../ports/instances/commit.ts";
import type { WorkflowStep } from "../../runtime/cloudflare/workers.ts";
import { openBench, type Bench } from "../../testing/engine-bench.ts";
import { ACCOUNT_SETTINGS } from "../state/policies.ts";

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;

class Quick {
  async run(): Promise<number> {
    return 1;
  }
}

class Doomed {
  async run(): Promise<void> {
    throw new TypeError("no use");
  }
}

class Sleeper {
  async run(_: unknown, step: WorkflowStep): Promise<void> {
    await step.sleep("nap", "1 hour");
  }
}

const classes = { Quick, Doomed, Sleeper };

let bench: Bench;
let commits: Batch[] = [];

afterEach(() => bench.close());

/** On the store of the bench before, if there is one: as after a restart of the process. */
async function open(before?: Bench): Promise<void> {
  commits = [];
  const noting = (store: Store): Store =>
    new Proxy(before?.store ?? store, {
      get:
        (of, name: keyof Store) =>
        (...args: never[]) => {
          if (name === "commit") commits.push(args[0] as never);
          return (of[name] as (...args: never[]) => unknown).apply(of, args);
        },
    });
  bench = await openBench((clock) => inProcessExecutor({ classes, now: () => clock.now() }), Object.keys(classes), {}, noting);
}

const quick = (id: string): { workflow: string; id: string } => ({ workflow: "Quick", id });

async function end(id: string, retention?: Retention): Promise<void> {
  await bench.engine.create("Quick", [{ id, ...(retention && { retention }) }], "api");
  await bench.reaches(quick(id), "complete");
  await bench.quiet();
}

const isThere = async (address: { workflow: string; id: string }): Promise<boolean> =>
  bench.engine.summary(address).then(
    () => true,
    () => false,
  );

async function deploy(workflow: string, version: number, defaultRetention: Retention): Promise<void> {
  const found = await bench.catalog.workflow(workflow);
  const newest = found && (await bench.catalog.workflowVersion(found.versionId));
  if (found === undefined || newest === undefined) throw new Error("It is not there");
  const id = `${workflow}-v${version}`;
  await bench.catalog.putWorkflow({ ...found, versionId: id }, { ...newest, id, settings: { defaultRetention } });
}

test("an instance is there until its retention is over, and gone from that moment on", async () => {
  await open();
  await end("a", { successMs: HOUR });
  bench.clock.advance(HOUR - 1);
  await bench.quiet();
  expect(await isThere(quick("a"))).toBe(true);
  bench.clock.advance(1);
  await expect(bench.engine.summary(quick("a"))).rejects.toMatchObject({ failure: "instance.not_found" });
  await expect(bench.engine.restart(quick("a"))).rejects.toMatchObject({ failure: "instance.not_found" });
  await bench.quiet();
  expect(await bench.store.find("Quick", "a")).toBeUndefined();
  expect(await bench.store.statusCounts("Quick")).toEqual({});
});

test("its id is free from that moment on, whether it has been deleted yet or not", async () => {
  await open();
  await end("a", { successMs: HOUR });
  bench.clock.advance(HOUR);
  expect(await bench.engine.create("Quick", [{ id: "a" }], "api")).toMatchObject([{ id: "a" }]);
  await bench.reaches(quick("a"), "complete");
  bench.clock.advance(HOUR);
  await bench.quiet();
  expect(await isThere(quick("a"))).toBe(true);
});

test("errors and terminated ones are kept as errors are", async () => {
  await open();
  const retention = { successMs: 1, errorMs: DAY };
  await bench.engine.create("Doomed", [{ id: "d", retention }], "api");
  await bench.engine.create("Sleeper", [{ id: "s", retention }], "api");
  await bench.reaches({ workflow: "Doomed", id: "d" }, "errored");
  await bench.reaches({ workflow: "Sleeper", id: "s" }, "waiting");
  await bench.engine.terminate({ workflow: "Sleeper", id: "s" });
  for (const [later, there] of [
    [DAY - 1, true],
    [1, false],
  ] as const) {
    bench.clock.advance(later);
    await bench.quiet();
    expect([await isThere({ workflow: "Doomed", id: "d" }), await isThere({ workflow: "Sleeper", id: "s" })]).toEqual([
      there,
      there,
    ]);
  }
});

test("the default retention is a week", async () => {
  await open();
  await end("a");
  bench.clock.advance(7 * DAY - 1);
  await bench.quiet();
  expect(await isThere(quick("a"))).toBe(true);
  bench.clock.advance(1);
  expect(await isThere(quick("a"))).toBe(false);
});

test("the workflow's word comes before the account's, and a new one holds for what ends from then on", async () => {
  await open();
  await end("by_default");
  const account = (retention: Retention): Promise<void> =>
    bench.catalog.changeSetting(ACCOUNT_SETTINGS, () => JSON.stringify({ default_retention: retention }));
  await account({ successMs: 2 * HOUR });
  await bench.quiet();
  await end("by_account");
  await bench.engine.create("Sleeper", [{ id: "s" }], "api");
  await bench.reaches({ workflow: "Sleeper", id: "s" }, "waiting");
  await deploy("Quick", 2, { successMs: HOUR });
  await deploy("Sleeper", 2, { successMs: HOUR });
  await bench.quiet();
  await end("by_workflow");
  await end("by_itself", { successMs: 3 * HOUR });

  const left = async (): Promise<string[]> =>
    (await bench.store.list({ workflow: "Quick", direction: "asc", limit: 9 })).map(({ id }) => id);
  bench.clock.advance(HOUR);
  await bench.quiet();
  expect(await left()).toEqual(["by_default", "by_account", "by_itself"]);
  await bench.reaches({ workflow: "Sleeper", id: "s" }, "complete");
  bench.clock.advance(HOUR);
  await bench.quiet();
  expect(await left()).toEqual(["by_default", "by_itself"]);
  expect(await isThere({ workflow: "Sleeper", id: "s" })).toBe(false);
  bench.clock.advance(HOUR);
  await bench.quiet();
  expect(await left()).toEqual(["by_default"]);
});

test("restarting an instance takes it out of the collector's way, until it has ended again", async () => {
  await open();
  await bench.engine.create("Sleeper", [{ id: "s", retention: { successMs: 2 * HOUR } }], "api");
  const address = { workflow: "Sleeper", id: "s" };
  await bench.reaches(address, "waiting");
  bench.clock.advance(HOUR);
  await bench.reaches(address, "complete");
  bench.clock.advance(2 * HOUR - 1);
  await bench.engine.restart(address);
  await bench.reaches(address, "waiting");
  bench.clock.advance(1);
  await bench.quiet();
  expect(await bench.store.find("Sleeper", "s")).toMatchObject({ status: "waiting", expiresAt: null });
  bench.clock.advance(HOUR);
  await bench.reaches(address, "complete");
  bench.clock.advance(2 * HOUR);
  await bench.quiet();
  expect(await bench.store.find("Sleeper", "s")).toBeUndefined();
});

test("instances that expired while the server was down are deleted at the next start, the others later", async () => {
  await open();
  await end("a", { successMs: HOUR });
  await end("b", { successMs: DAY });
  const before = bench;
  await bench.engine.close();
  await open(before);
  await bench.quiet();
  bench.clock.advance(HOUR);
  await bench.quiet();
  expect([await bench.store.find("Quick", "a"), (await bench.store.find("Quick", "b"))?.id]).toEqual([undefined, "b"]);
  bench.clock.advance(DAY);
  await bench.quiet();
  expect(await bench.store.find("Quick", "b")).toBeUndefined();
});

test("many are deleted a hundred to a commit, with a rest in between", async () => {
  await open();
  const ids = Array.from({ length: 250 }, (_, i) => ({ id: `n-${i}`, retention: { successMs: HOUR } }));
  await bench.engine.create("Quick", ids, "api");
  for (const { id } of ids) await bench.reaches(quick(id), "complete");
  await bench.quiet();
  const left: number[] = [];
  for (const later of [HOUR, 9, 1, 10, 10]) {
    bench.clock.advance(later);
    await bench.quiet();
    left.push((await bench.store.statusCounts("Quick")).complete ?? 0);
  }
  expect(left).toEqual([150, 150, 50, 0, 0]);
  expect(Math.max(...commits.map(({ removes }) => removes.length))).toBe(100);
  // Nothing is left, so nothing is expected: what is looked at now and then is all.
  expect(bench.clock.pending).toBeLessThanOrEqual(3);
});
