/** Cron triggers on an engine with a clock of its own, and real threads whose handlers tell what they were told. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { openEngine, type EngineHosts } from "../src/engine/open.ts";
import type { Engine } from "../src/engine/contract.ts";
import { nodeExecutor } from "../src/executors/node/executor.ts";
import type { Catalog } from "../src/ports/catalog/catalog.ts";
import type { Log } from "../src/ports/log.ts";
import type { Store } from "../src/ports/store.ts";
import { fakeClock, type FakeClock } from "../src/testing/fake-clock.ts";
import { openMemoryStore } from "../src/stores/memory/open.ts";
import { HostCalls } from "../src/workers/hosts/calls.ts";
import { Hosts } from "../src/workers/hosts/hosts.ts";
import { cronsOf } from "../src/workers/deploy/set-crons.ts";
import { CronTriggers } from "../src/workers/crons/cron.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.UTC(2026, 0, 1, 0, 30);
const HOURLY = "0 * * * *";

const at = (hour: number, minute = 0): number => Date.UTC(2026, 0, 1, hour, minute);

const CODE = `export default { async scheduled({ cron, scheduledTime }) {
  console.log(cron + " " + scheduledTime);
  if (cron === "1 * * * *") throw new Error("not today");
  if (cron === "2 * * * *") await new Promise(() => {});
} }`;

let store: Store;
let catalog: Catalog;
let clock: FakeClock;
let engine: Engine;
let calls: HostCalls;
/** What handlers were told, and what the server has said of it. The two come different ways. */
let told: string[];
let said: string[];
let wake: (() => void) | undefined;

beforeEach(async () => {
  ({ store, catalog } = openMemoryStore());
  const version = { id: "v1", script: "clock", hash: "1", code: CODE, bindings: [], compatibilityFlags: [], createdAt: 0 };
  await catalog.putScriptVersion(version);
  told = [];
  said = [];
  await boot(START);
});
afterEach(() => engine.close());

/** A server starts, at a time. */
async function boot(now: number): Promise<void> {
  clock = fakeClock(now);
  const hear =
    (list: string[]) =>
    (line: string): void => {
      list.push(line);
      wake?.();
    };
  const log: Log = { debug() {}, info: hear(said), warn: hear(said), error: hear(said) };
  const tell = hear(told);
  const executor = nodeExecutor({ onLog: ({ level, text }) => level !== "error" && tell(text) });
  const cron = new CronTriggers({ catalog, log });
  const world = { store, catalog, clock, log, ids: { uuid: () => crypto.randomUUID() } };
  const hosts: EngineHosts = new Hosts({ executor, clock });
  calls = new HostCalls({ ...world, hosts });
  engine = await openEngine({ ...world, hosts, followCron: cron.follow(calls) });
  engine.start();
  await quiet();
}

async function set(...crons: readonly string[]): Promise<void> {
  await catalog.commit([{ type: "crons", kind: "script", owner: "clock", crons, from: clock.now() }]);
  await quiet();
}

/** Resolves when handlers have been told, and the server has said, so much since the start. */
async function heard(times: number, ends: number): Promise<[told: string[], said: string[]]> {
  while (told.length < times || said.length < ends) await new Promise<void>((resolve) => (wake = resolve));
  await quiet();
  return [told, said];
}

/** Several turns: what is under way in this thread has happened. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const RUN = "A cron trigger ran";
const FAILED = "A cron trigger failed";

test("the handler is called at each boundary, once, and not again after a restart", async () => {
  await set(HOURLY);
  clock.advance(29 * MINUTE);
  await quiet();
  expect(told).toEqual([]);
  clock.advance(MINUTE);
  expect(await heard(1, 1)).toEqual([[`${HOURLY} ${at(1)}`], [RUN]]);
  clock.advance(HOUR);
  await heard(2, 2);
  await engine.close();
  await boot(at(2, 1));
  clock.advance(HOUR);
  await heard(3, 3);
  expect(told).toEqual([1, 2, 3].map((hour) => `${HOURLY} ${at(hour)}`));
});

test("boundaries that were missed come once, the latest", async () => {
  await set(HOURLY);
  await engine.close();
  await boot(at(7, 10));
  expect(await heard(1, 1)).toEqual([[`${HOURLY} ${at(7)}`], [RUN]]);
});

test("a handler that fails is told, and not called again for that", async () => {
  await set("1 * * * *");
  clock.advance(31 * MINUTE);
  expect(await heard(1, 1)).toEqual([[`1 * * * * ${at(1, 1)}`], [FAILED]]);
  await engine.close();
  await boot(at(1, 2));
  await quiet();
  expect([told.length, said.length]).toEqual([1, 1]);
});

test("one that has not ended is called once for each boundary, and again by the next server", async () => {
  await set("2 * * * *");
  clock.advance(32 * MINUTE);
  await heard(1, 0);
  await quiet();
  await calls.call("clock", { type: "scheduled", cron: "by hand", scheduledTime: 0 });
  await heard(2, 0);
  await engine.close();
  await boot(at(1, 3));
  const once = `2 * * * * ${at(1, 2)}`;
  expect(await heard(3, 0)).toEqual([[once, "by hand 0", once], []]);
});

test("one that takes too long is given up", async () => {
  await set("2 * * * *");
  clock.advance(32 * MINUTE);
  await heard(1, 0);
  clock.advance(15 * MINUTE);
  expect(await heard(1, 2)).toEqual([[`2 * * * * ${at(1, 2)}`], [expect.stringContaining("timed out"), FAILED]]);
});

test("what is replaced is followed no more, and what stays goes on from where it is", async () => {
  await set(HOURLY, "30 * * * *");
  const [first] = await cronsOf(catalog, "clock");
  clock.advance(10 * MINUTE);
  await set(HOURLY);
  expect(await cronsOf(catalog, "clock")).toEqual([first]);
  clock.advance(HOUR);
  expect(await heard(1, 1)).toEqual([[`${HOURLY} ${at(1)}`], [RUN]]);
});

test("a script that is not there any more is told of", async () => {
  await catalog.commit([{ type: "script_removal", script: "clock" }]);
  await set(HOURLY);
  clock.advance(HOUR);
  expect(await heard(0, 1)).toEqual([[], [FAILED]]);
});
