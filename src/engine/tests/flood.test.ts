/** A host that asks for the same thing thousands of times: what that takes of the store and of memory has a bound. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { Failure } from "../../model/failures/failure.ts";
import type { Executor, Host, HostEnd } from "../../ports/executor.ts";
import type { Store } from "../../ports/store.ts";
import type { FromRuntime, ToRuntime } from "../../protocol/frames.ts";
import { openBench, type Bench } from "../../testing/engine-bench.ts";

const ADDRESS = { workflow: "Flood", id: "a" };
const STEP = { name: "s", count: 1 } as const;

let bench: Bench;
let say: (frames: readonly FromRuntime[]) => void;
let heard: ToRuntime[];
let reads: { now: number; most: number; all: number };

/** A host that says what the test wants. */
function host(): Host {
  return {
    send: (frames) => void heard.push(...frames),
    onFrames: (handler) => (say = handler),
    fetch: () => Promise.reject(new Failure("script.no_fetch_handler")),
    dispatch: () => Promise.reject(new Failure("script.no_handler")),
    ended: new Promise<HostEnd>(() => {}),
    close: () => Promise.resolve(),
  };
}

/** Counts the reads that go on at once. */
function counting(store: Store): Store {
  return new Proxy(store, {
    get: (target, key) => {
      const method: unknown = Reflect.get(target, key, target);
      if (typeof method !== "function") return method;
      if (key !== "rows" && key !== "chunk") return method.bind(target) as unknown;
      return async (...args: unknown[]) => {
        reads = { now: reads.now + 1, most: Math.max(reads.most, reads.now + 1), all: reads.all + 1 };
        const found: unknown = await method.apply(target, args);
        reads = { ...reads, now: reads.now - 1 };
        return found;
      };
    },
  });
}

beforeEach(async () => {
  heard = [];
  reads = { now: 0, most: 0, all: 0 };
  const executor: Executor = { name: "flood", open: () => Promise.resolve(host()), close: () => Promise.resolve() };
  bench = await openBench(() => executor, ["Flood"], {}, counting);
  await bench.engine.create("Flood", [{ id: "a" }], "api");
  await bench.quiet();
});
afterEach(() => bench.close());

const many = (count: number, frame: FromRuntime): FromRuntime[] => Array.from({ length: count }, () => frame);

test("a window of outcomes is read once at a time, however often it is asked for", async () => {
  say([
    {
      type: "events",
      run: 1,
      n: 1,
      events: [
        { type: "step_started", ...STEP },
        { type: "attempt_started", ...STEP, attempt: 1 },
        { type: "attempt_completed", ...STEP, attempt: 1 },
        { type: "step_completed", ...STEP, output: "1" },
      ],
    },
  ]);
  await bench.quiet();
  say(many(1_000, { type: "need", run: 1, from: 0 }));
  await bench.quiet();
  expect(heard.filter(({ type }) => type === "history")).toHaveLength(1);
  expect(reads.most).toBe(1);
  say([{ type: "need", run: 1, from: 0 }]);
  await bench.quiet();
  expect(heard.filter(({ type }) => type === "history")).toHaveLength(2);
});

test("chunks are read one after the other, and a run that asks for too many is replayed", async () => {
  const bytes = Uint8Array.of(1, 2, 3);
  say([
    {
      type: "events",
      run: 1,
      n: 1,
      events: [
        { type: "step_started", ...STEP },
        { type: "attempt_started", ...STEP, attempt: 1 },
      ],
    },
    { type: "chunk", run: 1, ...STEP, index: 0, bytes },
  ]);
  await bench.quiet();
  const stream = { chunks: 1, bytes: 3 };
  say([
    {
      type: "events",
      run: 1,
      n: 2,
      events: [
        { type: "attempt_completed", ...STEP, attempt: 1 },
        { type: "step_completed", ...STEP, output: { stream, preview: "" } },
      ],
    },
  ]);
  await bench.quiet();
  say(many(100, { type: "read", run: 1, ...STEP, index: 0 }));
  await bench.quiet();
  await bench.quiet();
  expect(heard.filter(({ type }) => type === "chunk")).toHaveLength(100);
  expect(reads.most).toBe(1);
  say(many(100_000, { type: "read", run: 1, ...STEP, index: 0 }));
  await bench.happens(ADDRESS, "workflow_recovered");
});
