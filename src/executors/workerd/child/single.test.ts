/** Processes that are no processes: what is started when, and what waits for what. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Single } from "./single.ts";

interface Fake {
  readonly ended: Promise<void>;
  readonly end: () => void;
  readonly gone: () => void;
  close(): Promise<void>;
}

let started: (Fake | Error)[];
let fails: boolean;
let failures: unknown[];
let closing: AbortController;
let isNeeded: boolean;
let single: Single<Fake>;

function fake(): Fake {
  const [ended, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  return { ended: ended.promise, end: ended.resolve, gone: gone.resolve, close: () => gone.promise };
}

beforeEach(() => {
  vi.useFakeTimers();
  [started, failures, fails, isNeeded] = [[], [], false, true];
  closing = new AbortController();
  single = new Single<Fake>({
    start: async () => {
      const made = fails ? new Error("no") : fake();
      started.push(made);
      if (made instanceof Error) throw made;
      return made;
    },
    againMs: 10,
    isNeeded: () => isNeeded,
    onFailed: (cause) => failures.push(cause),
    closing: closing.signal,
  });
});
afterEach(() => {
  closing.abort();
  vi.useRealTimers();
});

test("callers share the one process", async () => {
  const [one, two] = await Promise.all([single.acquire(), single.acquire()]);
  expect(one).toBe(two);
  expect(started).toHaveLength(1);
});

test("the next process starts when the one before is gone, not sooner", async () => {
  const first = await single.acquire();
  first.end();
  await vi.advanceTimersByTimeAsync(1_000);
  const next = single.acquire();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(started).toHaveLength(1);
  first.gone();
  expect(await next).not.toBe(first);
  expect(started).toHaveLength(2);
});

test("a process that is needed is started again by itself, and another only when it is asked for", async () => {
  const first = await single.acquire();
  first.gone();
  first.end();
  await vi.advanceTimersByTimeAsync(10);
  expect(started).toHaveLength(2);
  isNeeded = false;
  const second = await single.acquire();
  second.gone();
  second.end();
  await vi.advanceTimersByTimeAsync(100_000);
  expect(started).toHaveLength(2);
  await single.acquire();
  expect(started).toHaveLength(3);
});

test("starts that fail are reported and repeated, ever less often, until one does not", async () => {
  fails = true;
  await expect(single.acquire()).rejects.toThrow("no");
  await vi.advanceTimersByTimeAsync(19);
  expect(started).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(started).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(39);
  expect(started).toHaveLength(2);
  fails = false;
  await vi.advanceTimersByTimeAsync(1);
  expect(started).toHaveLength(3);
  expect(failures).toHaveLength(2);
});

test("nothing is started once it closes, and the process is gone by then", async () => {
  const first = await single.acquire();
  closing.abort(new Error("closing"));
  await expect(single.acquire()).rejects.toThrow("closing");
  let isClosed = false;
  void single.close().then(() => (isClosed = true));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(isClosed).toBe(false);
  first.end();
  first.gone();
  await vi.advanceTimersByTimeAsync(1_000);
  expect([isClosed, started.length]).toEqual([true, 1]);
});
