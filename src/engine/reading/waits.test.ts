/** What an instance waits for, and delays that people cut short: in memory, out of it, without a place, and before a crash. */
import { afterEach, expect, test } from "vitest";
import { inProcessExecutor } from "../../executors/in-process/executor.ts";
import { Failure } from "../../model/failures/failure.ts";
import type { StepKey } from "../../model/step/step.ts";
import { openMemoryStore } from "../../stores/memory/open.ts";
import { encode } from "../../model/values/value.ts";
import type { WorkflowStep } from "../../runtime/cloudflare/workers.ts";
import { openBench, type Bench } from "../../testing/engine-bench.ts";
import { MortalStore } from "../../../test/faults/mortal-store.ts";
import type { InstanceAddress } from "../contract.ts";

const HOUR = 3_600_000;

class Patient {
  async run(_event: unknown, step: WorkflowStep): Promise<unknown> {
    const tries = await step.do("try", { retries: { limit: 1, delay: "1 hour" } }, ({ attempt }) => {
      if (attempt === 1) throw new Error("not yet");
      return attempt;
    });
    await step.sleep("nap", "1 day");
    return tries;
  }
}

class Both {
  async run(_event: unknown, step: WorkflowStep): Promise<unknown> {
    const answer = step.waitForEvent<string>("answer", { type: "answer", timeout: "2 hours" });
    await Promise.all([step.sleep("nap", "1 hour"), answer]);
    return (await answer).payload;
  }
}

class Busy {
  run(_event: unknown, step: WorkflowStep): Promise<unknown> {
    return step.do("work", () => new Promise(() => {}));
  }
}

const CLASSES = { Patient, Both, Busy };
const PATIENT = { workflow: "Patient", id: "p" };
const TRY: StepKey = { kind: "do", name: "try", count: 1 };
const NAP: StepKey = { kind: "sleep", name: "nap", count: 1 };

let bench: Bench;
afterEach(() => bench.close());

async function open(settings: object = {}, ...rest: [] | [(typeof bench)["store"], Bench]): Promise<void> {
  const [store, before] = rest;
  const over = store === undefined ? undefined : () => store;
  bench = await openBench(
    (clock) => inProcessExecutor({ classes: CLASSES, now: () => clock.now() }),
    Object.keys(CLASSES),
    settings,
    over,
    before?.catalog,
  );
}

async function begin(workflow: string, id: string): Promise<void> {
  await bench.engine.create(workflow, [{ id }], "api");
}

/** Alarms of a clock that stands still ring when it is moved. */
async function skip(address: InstanceAddress, step: StepKey): Promise<void> {
  await bench.engine.skipDelay(address, step);
  bench.clock.advance(0);
}

test("a retry delay and a sleep can be skipped at the very moment at which they began", async () => {
  await open();
  await begin("Patient", "p");
  await bench.reaches(PATIENT, "waiting");
  expect(await bench.engine.waits(PATIENT)).toEqual({
    status: "waiting",
    steps: [{ type: "step", name: "try-1", due: bench.clock.now() + HOUR }],
    place: null,
    pausedFor: null,
  });
  await skip(PATIENT, TRY);
  await bench.happens(PATIENT, "sleep_started");
  await bench.reaches(PATIENT, "waiting");
  await skip(PATIENT, NAP);
  await bench.reaches(PATIENT, "complete");
  expect(await bench.output(PATIENT)).toBe(2);
  expect((await bench.kinds(PATIENT)).filter((kind) => kind === "delay_skipped")).toHaveLength(2);
});

test("so they do when only a row is left of the instance", async () => {
  await open({ parkAfterMs: 10 });
  await begin("Patient", "p");
  await bench.reaches(PATIENT, "waiting");
  bench.clock.advance(1_000);
  await bench.quiet();
  expect(bench.runs()).toBe(0);
  await skip(PATIENT, TRY);
  await bench.happens(PATIENT, "sleep_started");
});

test("skipping a delay twice, one of a step without a delay, or one of a paused or ended instance is refused", async () => {
  await open();
  await begin("Both", "b");
  const address = { workflow: "Both", id: "b" };
  await bench.reaches(address, "waiting");
  const refused = { failure: "instance.not_delayed" };
  await expect(bench.engine.skipDelay(address, TRY)).rejects.toMatchObject(refused);
  await expect(bench.engine.skipDelay(address, { kind: "waitForEvent", name: "answer", count: 1 })).rejects.toMatchObject(
    refused,
  );
  await bench.engine.pause(address);
  await expect(bench.engine.skipDelay(address, NAP)).rejects.toMatchObject(refused);
  await bench.engine.resume(address);
  await bench.happens(address, "workflow_waiting", 2);
  await skip(address, NAP);
  await bench.happens(address, "sleep_completed");
  await expect(bench.engine.skipDelay(address, NAP)).rejects.toMatchObject(refused);
  await bench.engine.sendEvent(address, "answer", encode("yes"));
  await bench.reaches(address, "complete");
  await expect(bench.engine.skipDelay(address, NAP)).rejects.toMatchObject(refused);
  expect(await bench.output(address)).toBe("yes");
});

test("without a place it is due, says which limit it waits behind, and goes on when there is a place", async () => {
  await open({ maxRunning: 1, parkAfterMs: 10 });
  await begin("Patient", "p");
  await bench.reaches(PATIENT, "waiting");
  const busy = { workflow: "Busy", id: "x" };
  await begin("Busy", "x");
  await bench.happens(busy, "attempt_started");
  await skip(PATIENT, TRY);
  await bench.quiet();
  await begin("Busy", "y");
  const full = { of: "server", limit: 1, taken: 1 };
  expect(await bench.engine.waits(PATIENT)).toMatchObject({ status: "waiting", place: full });
  expect(await bench.engine.waits({ workflow: "Busy", id: "y" })).toMatchObject({ status: "queued", place: full });
  await bench.engine.terminate({ workflow: "Busy", id: "y" });
  await bench.engine.terminate(busy);
  await bench.happens(PATIENT, "sleep_started");
});

test.each([true, false])("what was skipped before a crash is due after it (the last commit stored: %s)", async (applied) => {
  await open();
  const first = bench;
  await begin("Patient", "p");
  await bench.reaches(PATIENT, "waiting");
  const mortal = new MortalStore(first.store, 0, applied);
  await first.engine.close();
  await open({}, mortal.store, first);
  bench.clock.advance(HOUR / 2);
  const death = new Promise<void>((resolve) => (mortal.died = resolve));
  void bench.engine.skipDelay(PATIENT, TRY).catch(() => {});
  await death;
  await open({}, first.store, first);
  bench.clock.advance(HOUR / 2);
  if (applied) await bench.happens(PATIENT, "sleep_started");
  else {
    await bench.quiet();
    expect(await bench.kinds(PATIENT)).not.toContain("delay_skipped");
  }
});

test("an instance that the engine has paused says why, until it is resumed", async () => {
  let isKeyMissing = false;
  const { store } = openMemoryStore();
  const keyed = new Proxy(store, {
    get: (target, verb: keyof typeof store) =>
      verb === "rows" && isKeyMissing
        ? () => Promise.reject(new Failure("vault.key_missing", { detail: "The key 1f0c is missing" }))
        : target[verb].bind(target),
  });
  await open({ parkAfterMs: 10 });
  const before = bench;
  await open({ parkAfterMs: 10 }, keyed, before);
  await before.close();
  await begin("Patient", "p");
  await bench.reaches(PATIENT, "waiting");
  await skip(PATIENT, TRY);
  await bench.happens(PATIENT, "sleep_started");
  bench.clock.advance(1_000);
  await bench.quiet();
  isKeyMissing = true;
  await bench.engine.skipDelay(PATIENT, NAP);
  await bench.reaches(PATIENT, "paused");
  expect(await bench.engine.waits(PATIENT)).toMatchObject({ status: "paused", pausedFor: "The key 1f0c is missing" });
  isKeyMissing = false;
  await bench.engine.resume(PATIENT);
  await bench.reaches(PATIENT, "complete");
  expect(await bench.engine.waits(PATIENT)).toMatchObject({ steps: [], pausedFor: null });
});
