import { expect, test } from "vitest";
import type { Log } from "../ports/log.ts";
import { fakeClock, type FakeClock } from "../testing/fake-clock.ts";
import { RecurringLook } from "./recurring-look.ts";
import { Rests } from "./rests.ts";

interface Setup {
  readonly clock: FakeClock;
  readonly looks: RecurringLook;
  readonly lines: string[];
  /** When looks began, in milliseconds since the start. */
  readonly began: number[];
  /** What a look does. */
  does: () => Promise<number>;
}

function setUp(): Setup {
  const clock = fakeClock();
  const start = clock.now();
  const lines: string[] = [];
  const say = (line: string): void => void lines.push(line);
  const log: Log = { debug: say, info: say, warn: say, error: say };
  const began: number[] = [];
  const state = { does: () => Promise.resolve(Infinity) };
  const outage = { log, fails: "fails", works: "works", leastMs: 1_000, mostMs: 5_000 };
  const look = (): Promise<number> => {
    began.push(clock.now() - start);
    return state.does();
  };
  return Object.assign(state, { clock, lines, began, looks: new RecurringLook({ clock, ...outage, look }) });
}

async function quiet(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function pass({ clock }: Setup, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    clock.advance(1_000);
    await quiet();
  }
}

test("a look sets the time of the next; a caller can have it earlier, and only one look runs at a time", async () => {
  const setup = setUp();
  const { clock, looks, began } = setup;
  const ends: PromiseWithResolvers<number>[] = [];
  setup.does = () => {
    const end = Promise.withResolvers<number>();
    ends.push(end);
    return end.promise;
  };
  looks.now();
  looks.now();
  await quiet();
  expect(began).toEqual([0]);
  ends[0]?.resolve(Infinity);
  await quiet();
  // It was requested while the first was running, which may have looked there before.
  expect(began).toEqual([0, 0]);
  ends[1]?.resolve(clock.now() + 10_000);
  await quiet();
  looks.by(clock.now() + 20_000);
  looks.by(clock.now() + 5_000);
  looks.by(clock.now() + 7_000);
  await pass(setup, 6);
  expect(began).toEqual([0, 0, 5_000]);
  ends[2]?.resolve(clock.now() + 1_000);
  await quiet();
  await pass(setup, 1);
  expect(began).toHaveLength(4);
  const closed = looks.close();
  ends[3]?.resolve(clock.now());
  await closed;
  looks.now();
  await pass(setup, 60);
  expect([began.length, clock.pending]).toEqual([4, 0]);
});

test("a failing look is repeated ever less often, even if requested, and is logged first, now and then, and when it works again", async () => {
  const setup = setUp();
  const { looks, began, lines } = setup;
  setup.does = () => Promise.reject(new Error("no"));
  looks.now();
  await quiet();
  for (let second = 0; second < 65; second += 1) {
    await pass(setup, 1);
    looks.now();
  }
  expect(began.slice(0, 6)).toEqual([0, 1_000, 3_000, 7_000, 12_000, 17_000]);
  expect(began.length).toBeLessThanOrEqual(16);
  expect(lines).toEqual(["fails", "fails", "fails"]);
  setup.does = () => Promise.resolve(Infinity);
  await pass(setup, 6);
  expect(lines.slice(3)).toEqual(["works"]);
  looks.now();
  await quiet();
  expect(began.at(-1)).toBe(71_000);
  // Soon after, it is the same trouble: the delays go on where they were.
  setup.does = () => Promise.reject(new Error("no"));
  const before = began.length;
  looks.now();
  await quiet();
  await pass(setup, 9);
  expect(began.length - before).toBe(2);
  await looks.close();
});

test("looks that ask for each other leave turns to everything else", async () => {
  const setup = setUp();
  const { looks, began, clock } = setup;
  setup.does = async () => {
    looks.now();
    return clock.now();
  };
  looks.now();
  await quiet();
  expect(began.length).toBeLessThanOrEqual(11);
  await looks.close();
});

test("rests end at their time, or all at once", async () => {
  const clock = fakeClock();
  const rests = new Rests(clock);
  let ended = 0;
  for (const ms of [1_000, 2_000, 3_000]) void rests.until(clock.now() + ms).then(() => (ended += 1));
  clock.advance(1_000);
  await quiet();
  expect(ended).toBe(1);
  rests.end();
  void rests.until(Infinity).then(() => (ended += 1));
  await quiet();
  expect([ended, clock.pending]).toEqual([4, 0]);
});
