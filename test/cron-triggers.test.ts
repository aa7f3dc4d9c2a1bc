/** Cron triggers on an engine with a clock of its own, and real threads whose handlers log what they were passed. */
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
/** The calls that handlers logged, and the lines that the server logged. They arrive independently of each other. */
let called: string[];
let logged: string[];
let wake: (() => void) | undefined;

beforeEach(async () => {
  ({ store, catalog } = openMemoryStore());
  const version = { id: "v1", script: "clock", hash: "1", code: CODE, bindings: [], compatibilityFlags: [], createdAt: 0 };
  await catalog.putScriptVersion(version);
  called = [];
  logged = [];
  await boot(START);
});
afterEach(() => engine.close());

/** A server starts, at a time. */
async function boot(now: number): Promise<void> {
  clock = fakeClock(now);
  const collect =
    (list: string[]) =>
    (line: string): void => {
      list.push(line);
      wake?.();
    };
  const log: Log = { debug() {}, info: collect(logged), warn: collect(logged), error: collect(logged) };
  const onCall = collect(called);
  const executor = nodeExecutor({ onLog: ({ level, text }) => level !== "error" && onCall(text) });
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

/** Resolves when handlers have logged so many calls, and the server so many lines, since the start. */
async function reached(times: number, lines: number): Promise<[called: string[], logged: string[]]> {
  while (called.length < times || logged.length < lines) await new Promise<void>((resolve) => (wake = resolve));
  await quiet();
  return [called, logged];
}

/** Waits several turns, so that pending work of this thread is done. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const RUN = "A cron trigger ran";
const FAILED = "A cron trigger failed";

test("the handler is called at each boundary, once, and not again after a restart", async () => {
  await set(HOURLY);
  clock.advance(29 * MINUTE);
  await quiet();
  expect(called).toEqual([]);
  clock.advance(MINUTE);
  expect(await reached(1, 1)).toEqual([[`${HOURLY} ${at(1)}`], [RUN]]);
  clock.advance(HOUR);
  await reached(2, 2);
  await engine.close();
  await boot(at(2, 1));
  clock.advance(HOUR);
  await reached(3, 3);
  expect(called).toEqual([1, 2, 3].map((hour) => `${HOURLY} ${at(hour)}`));
});

test("boundaries that were missed come once, the latest", async () => {
  await set(HOURLY);
  await engine.close();
  await boot(at(7, 10));
  expect(await reached(1, 1)).toEqual([[`${HOURLY} ${at(7)}`], [RUN]]);
});

test("a failed handler is logged, and is not retried", async () => {
  await set("1 * * * *");
  clock.advance(31 * MINUTE);
  expect(await reached(1, 1)).toEqual([[`1 * * * * ${at(1, 1)}`], [FAILED]]);
  await engine.close();
  await boot(at(1, 2));
  await quiet();
  expect([called.length, logged.length]).toEqual([1, 1]);
});

test("a handler that has not ended is called once for each boundary, and again by the next server", async () => {
  await set("2 * * * *");
  clock.advance(32 * MINUTE);
  await reached(1, 0);
  await quiet();
  await calls.call("clock", { type: "scheduled", cron: "by hand", scheduledTime: 0 });
  await reached(2, 0);
  await engine.close();
  await boot(at(1, 3));
  const once = `2 * * * * ${at(1, 2)}`;
  expect(await reached(3, 0)).toEqual([[once, "by hand 0", once], []]);
});

test("a handler that takes too long is timed out", async () => {
  await set("2 * * * *");
  clock.advance(32 * MINUTE);
  await reached(1, 0);
  clock.advance(15 * MINUTE);
  expect(await reached(1, 2)).toEqual([[`2 * * * * ${at(1, 2)}`], [expect.stringContaining("timed out"), FAILED]]);
});

test("a replaced trigger no longer fires, and one that stays keeps its position", async () => {
  await set(HOURLY, "30 * * * *");
  const [first] = await cronsOf(catalog, "clock");
  clock.advance(10 * MINUTE);
  await set(HOURLY);
  expect(await cronsOf(catalog, "clock")).toEqual([first]);
  clock.advance(HOUR);
  expect(await reached(1, 1)).toEqual([[`${HOURLY} ${at(1)}`], [RUN]]);
});

test("a trigger of a removed script is logged as failed", async () => {
  await catalog.commit([{ type: "script_removal", script: "clock" }]);
  await set(HOURLY);
  clock.advance(HOUR);
  expect(await reached(0, 1)).toEqual([[], [FAILED]]);
});
