/**
 * Nothing is acknowledged before it is durable. The store's commits can be held back here, and made to fail: while they
 * are held, no promise resolves — neither one of the API nor one that user code awaits — and readers see nothing.
 */
import { afterEach, describe, expect, test } from "vitest";
import { inProcessExecutor } from "../../executors/in-process/executor.ts";
import { encode } from "../../model/values/value.ts";
import type { Store } from "../../ports/store.ts";
import type { WorkflowStep } from "../../runtime/cloudflare/workers.ts";
import type { WorkflowClass } from "../../runtime/run/runtime.ts";
import { openBench, type Bench } from "../../testing/engine-bench.ts";
import type { Engine } from "../contract.ts";

const HOUR = 60 * 60_000;

/** A door that promises wait at while it is shut. */
class Door {
  #opened: Promise<void> = Promise.resolve();
  #open: () => void = () => undefined;

  shut(): void {
    this.#opened = new Promise((resolve) => (this.#open = resolve));
  }

  open(): void {
    this.#open();
  }

  passed(): Promise<void> {
    return this.#opened;
  }
}

interface HeldBench extends Bench {
  /** Commits wait here, before the store has seen them. */
  readonly flush: Door;
  /** The next commit fails, having changed nothing. */
  failNext(): void;
}

let bench: HeldBench | undefined;

afterEach(async () => {
  bench?.flush.open();
  await bench?.close();
});

async function open(classes: Readonly<Record<string, WorkflowClass>>): Promise<HeldBench> {
  const flush = new Door();
  let failing = false;
  const held = (store: Store): Store => ({
    acquire: (owner) => store.acquire(owner),
    commit: async (batch, lease) => {
      await flush.passed();
      if (!failing) return store.commit(batch, lease);
      failing = false;
      throw new Error("The disk is full");
    },
    find: (workflow, id) => store.find(workflow, id),
    notices: (limit) => store.notices(limit),
    removeNotices: (upTo) => store.removeNotices(upTo),
    load: (pk, afterSeq, maxBytes) => store.load(pk, afterSeq, maxBytes),
    rows: (pk, seqs, maxBytes) => store.rows(pk, seqs, maxBytes),
    chunk: (pk, stream, index) => store.chunk(pk, stream, index),
    ready: (...query) => store.ready(...query),
    nextWake: (after) => store.nextWake(after),
    expiring: (until, limit) => store.expiring(until, limit),
    list: (query) => store.list(query),
    beginningWith: (...query) => store.beginningWith(...query),
    count: (query, cap) => store.count(query, cap),
    search: (filter, page) => store.search(filter, page),
    tally: (filter, after) => store.tally(filter, after),
    errorGroups: (query) => store.errorGroups(query),
    hourly: (from, workflow) => store.hourly(from, workflow),
    statusCounts: (workflow) => store.statusCounts(workflow),
    versionsInUse: (after, limit) => store.versionsInUse(after, limit),
    verify: () => store.verify(),
    close: () => store.close(),
  });
  const opened = await openBench(
    (clock) => inProcessExecutor({ classes, now: () => clock.now() }),
    Object.keys(classes),
    {},
    held,
  );
  return (bench = { ...opened, flush, failNext: () => void (failing = true) });
}

/** Whether a promise has been settled, either way. */
function watch(promise: Promise<unknown>): () => boolean {
  let settled = false;
  const settle = (): void => void (settled = true);
  promise.then(settle, settle);
  return () => settled;
}

class Waiter {
  async run(_: unknown, step: WorkflowStep): Promise<unknown> {
    await step.sleep("nap", "1 hour");
    return (await step.waitForEvent("answer", { type: "answer", timeout: "1 day" })).payload;
  }
}

const address = { workflow: "Waiter", id: "w" };

interface Verb {
  readonly name: string;
  /** What is done to the instance, which waits, beforehand. */
  readonly before?: (engine: Engine) => Promise<unknown>;
  readonly act: (engine: Engine) => Promise<unknown>;
  readonly answer: unknown;
}

const VERBS: readonly Verb[] = [
  { name: "pause", act: (engine) => engine.pause(address), answer: "paused" },
  {
    name: "resume",
    before: (engine) => engine.pause(address),
    act: (engine) => engine.resume(address),
    answer: "queued",
  },
  { name: "terminate", act: (engine) => engine.terminate(address), answer: "terminated" },
  { name: "restart", act: (engine) => engine.restart(address), answer: "queued" },
  {
    name: "restart of one that has ended",
    before: (engine) => engine.terminate(address),
    act: (engine) => engine.restart(address),
    answer: "queued",
  },
  { name: "sendEvent", act: (engine) => engine.sendEvent(address, "answer", encode(1)), answer: undefined },
  { name: "remove", act: (engine) => engine.remove("Waiter", ["w"]), answer: [undefined] },
  {
    name: "create of another",
    act: async (engine) => (await engine.create("Waiter", [{ id: "w-2" }], "api")).map((made) => "id" in made && made.id),
    answer: ["w-2"],
  },
];

async function openWaiting({ before }: Verb): Promise<HeldBench> {
  const opened = await open({ Waiter });
  await opened.engine.create("Waiter", [{ id: "w" }], "api");
  await opened.reaches(address, "waiting");
  await before?.(opened.engine);
  await opened.quiet();
  return opened;
}

async function stored({ store }: Bench): Promise<unknown> {
  const found = await store.find("Waiter", "w");
  return { found, rows: found && (await store.load(found.pk, 0, 1_000_000)), all: await store.statusCounts("Waiter") };
}

describe.each(VERBS)("$name", (verb) => {
  test("is answered when it is durable, not before", async () => {
    const held = await openWaiting(verb);
    const before = await stored(held);
    held.flush.shut();
    const answer = verb.act(held.engine);
    const settled = watch(answer);
    await held.quiet();
    expect(settled()).toBe(false);
    expect(await stored(held)).toEqual(before);
    held.flush.open();
    expect(await answer).toEqual(verb.answer);
    expect(await stored(held)).not.toEqual(before);
  });

  test("is refused when its commit fails, changes nothing, and can be tried again", async () => {
    const held = await openWaiting(verb);
    const before = await stored(held);
    held.failNext();
    await expect(verb.act(held.engine)).rejects.toMatchObject({ failure: "store.failed" });
    await held.quiet();
    expect(await stored(held)).toEqual(before);
    // Until commits have been tried again, whatever else is asked is refused at once.
    await expect(verb.act(held.engine)).rejects.toMatchObject({ failure: "store.failed", retryAfterMs: 100 });
    held.clock.advance(100);
    await held.quiet();
    expect(await verb.act(held.engine)).toEqual(verb.answer);
  });
});

test("user code begins when its instance is durable", async () => {
  let began = false;
  class Begin {
    async run(): Promise<void> {
      began = true;
    }
  }
  const held = await open({ Begin });
  held.flush.shut();
  const created = held.engine.create("Begin", [{ id: "b" }], "api");
  await held.quiet();
  expect(began).toBe(false);
  held.flush.open();
  await created;
  await held.reaches({ workflow: "Begin", id: "b" }, "complete");
  expect(began).toBe(true);
});

describe("user code", () => {
  /** How far it got; replaying, it comes by the same places again. */
  const seen: Set<string> = new Set();
  let calls = 0;
  const work = new Door();

  class Stepper {
    async run(_: unknown, step: WorkflowStep): Promise<string> {
      const first = await step.do("first", async () => {
        await work.passed();
        return (calls += 1);
      });
      seen.add(`call ${first}`);
      await step.sleep("nap", "1 hour");
      seen.add("slept");
      const { payload } = await step.waitForEvent<string>("answer", { type: "answer", timeout: "1 day" });
      seen.add(payload);
      return payload;
    }
  }
  const stepper = { workflow: "Stepper", id: "s" };

  async function openStepper(): Promise<HeldBench> {
    seen.clear();
    calls = 0;
    work.shut();
    const opened = await open({ Stepper });
    await opened.engine.create("Stepper", [{ id: "s" }], "api");
    await opened.happens(stepper, "attempt_started");
    return opened;
  }

  test("goes on from each step when the step's outcome is durable", async () => {
    const held = await openStepper();

    held.flush.shut();
    work.open();
    await held.quiet();
    expect([calls, ...seen]).toEqual([1]);
    held.flush.open();
    await held.reaches(stepper, "waiting");
    expect([...seen]).toEqual(["call 1"]);

    held.flush.shut();
    held.clock.advance(HOUR);
    await held.quiet();
    expect([...seen]).toEqual(["call 1"]);
    held.flush.open();
    await held.happens(stepper, "wait_started");
    expect([...seen]).toEqual(["call 1", "slept"]);

    await held.reaches(stepper, "waiting");
    held.flush.shut();
    void held.engine.sendEvent(stepper, "answer", encode("yes"));
    await held.quiet();
    expect(seen).not.toContain("yes");
    held.flush.open();
    await held.reaches(stepper, "complete");
    expect(seen).toContain("yes");
  });

  test("does not go on from a step whose commit failed; the step is done again", async () => {
    const held = await openStepper();
    held.flush.shut();
    work.open();
    await held.quiet();
    held.failNext();
    held.flush.open();
    await held.quiet();
    expect([calls, ...seen]).toEqual([1]);
    // The attempt counts as cut off: it is repeated after the delay that follows a failed one.
    held.clock.advance(1_000);
    await held.reaches(stepper, "waiting");
    held.clock.advance(10_000);
    await held.happens(stepper, "sleep_started");
    expect([calls, ...seen]).toEqual([2, "call 2"]);
  });

  test("is tried again when the failure before is durable", async () => {
    const attempts: number[] = [];
    class Flaky {
      async run(_: unknown, step: WorkflowStep): Promise<void> {
        await step.do("try", { retries: { limit: 1, delay: 0, backoff: "constant" } }, async ({ attempt }) => {
          attempts.push(attempt);
          if (attempt > 1) return;
          await work.passed();
          throw new Error("not yet");
        });
      }
    }
    work.shut();
    const held = await open({ Flaky });
    const flaky = { workflow: "Flaky", id: "f" };
    await held.engine.create("Flaky", [{ id: "f" }], "api");
    await held.happens(flaky, "attempt_started");
    held.flush.shut();
    work.open();
    await held.quiet();
    expect(attempts).toEqual([1]);
    held.flush.open();
    await held.reaches(flaky, "complete");
    expect(attempts).toEqual([1, 2]);
  });

  test("that has returned has not completed before that is durable", async () => {
    class Quick {
      async run(): Promise<number> {
        await work.passed();
        return 7;
      }
    }
    work.shut();
    const held = await open({ Quick });
    const quick = { workflow: "Quick", id: "q" };
    await held.engine.create("Quick", [{ id: "q" }], "api");
    await held.reaches(quick, "running");
    held.flush.shut();
    work.open();
    await held.quiet();
    expect((await held.engine.summary(quick)).status).toBe("running");
    held.flush.open();
    await held.reaches(quick, "complete");
    expect(await held.output(quick)).toBe(7);
  });
});

test("who follows an instance is shown what is durable, and nothing else", async () => {
  const held = await open({ Waiter });
  await held.engine.create("Waiter", [{ id: "w" }], "api");
  await held.reaches(address, "waiting");
  const shown: string[] = [];
  const following = (async () => {
    for await (const events of held.engine.follow(address, new AbortController().signal))
      shown.push(...events.map(({ type }) => type));
  })();
  await held.quiet();
  const before = [...shown];
  expect(before).toEqual(await held.kinds(address));
  held.flush.shut();
  void held.engine.terminate(address);
  await held.quiet();
  expect(shown).toEqual(before);
  expect(await held.kinds(address)).toEqual(before);
  held.flush.open();
  await following;
  expect(shown).toEqual([...before, "workflow_terminated"]);
});
