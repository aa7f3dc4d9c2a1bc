/** Whose messages are kept, and what becomes of too many at once. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { LIMITS } from "../../model/limits.ts";
import { silentLog } from "../../noop/log.ts";
import type { ScriptLine } from "../../ports/script-log.ts";
import { inProcessExecutor } from "../../executors/in-process/executor.ts";
import { openBench, type Bench } from "../../testing/engine-bench.ts";
import { InstanceLogs } from "./instance-logs.ts";

class Quick {
  async run(): Promise<void> {}
}

let bench: Bench;
let logs: InstanceLogs;
let pk: number;

beforeEach(async () => {
  bench = await openBench(() => inProcessExecutor({ classes: { Quick } }), ["Quick"]);
  await bench.engine.create("Quick", [{ id: "a" }], "api");
  ({ pk } = await bench.engine.summary({ workflow: "Quick", id: "a" }));
  logs = new InstanceLogs({ ...bench, log: silentLog });
});
afterEach(() => bench.close());

function line(text: string, about: { id?: string; instance?: string } = {}): ScriptLine {
  const { id = "s1", instance = "a" } = about;
  const version = { id, script: "script", hash: "", code: "", bindings: [], compatibilityFlags: [], createdAt: 0 };
  return { time: 1, level: "log", kind: "console", text, version, origin: { workflow: "Quick", instance } };
}

test("a script speaks for the instances that run on it, and for no others", async () => {
  logs.write(line("mine"));
  logs.write(line("forged", { id: "another version" }));
  logs.write(line("of no instance", { instance: "none" }));
  const { lines } = await logs.read(pk, 0);
  expect(lines.map(({ n, text }) => [n, text])).toEqual([[1, "mine"]]);
});

test("gathered messages are written in a moment, and their readers are notified", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const leave = logs.follow(pk, resolve);
  logs.write(line("soon"));
  await bench.quiet();
  expect((await bench.logs.read(pk, 0)).lines).toEqual([]);
  bench.clock.advance(1_000);
  await promise;
  leave();
  expect((await bench.logs.read(pk, 0)).lines).toMatchObject([{ text: "soon" }]);
});

test("of too many at once the newest are kept, and the others counted", async () => {
  const all = Array.from({ length: LIMITS.logLines + 5 }, (_, i) => `line ${i}`);
  for (const text of all) logs.write(line(text));
  const { lines, dropped } = await logs.read(pk, 0);
  expect([lines.length, lines[0]?.n, lines[0]?.text, dropped]).toEqual([LIMITS.logLines, 6, "line 5", 5]);
});

test("memory holds only so much of them; what is lost is counted", async () => {
  const text = "x".repeat(LIMITS.logLine);
  for (let i = 0; i < 1_100; i += 1) logs.write(line(text));
  const { lines, dropped } = await logs.read(pk, 0);
  expect(lines.length + dropped).toBe(1_100);
  expect(lines).toHaveLength(LIMITS.logText / LIMITS.logLine);
});

test("what cannot be written is written later, in its order, and the log says so once", async () => {
  let fails = true;
  const said: string[] = [];
  const say = (message: string): void => void said.push(message);
  const append = async (...of: Parameters<typeof bench.logs.append>): Promise<void> => {
    if (fails) throw new Error("The disk is full");
    await bench.logs.append(...of);
  };
  const log = { ...silentLog, info: say, warn: say, error: say };
  const failing = new InstanceLogs({ ...bench, log, logs: { append, read: (pk, after) => bench.logs.read(pk, after) } });
  failing.write(line("first"));
  for (let second = 0; second < 20; second += 1) {
    bench.clock.advance(1_000);
    await bench.quiet();
  }
  failing.write(line("second"));
  fails = false;
  for (let second = 0; second < 40; second += 1) {
    bench.clock.advance(1_000);
    await bench.quiet();
  }
  expect((await bench.logs.read(pk, 0)).lines.map(({ text }) => text)).toEqual(["first", "second"]);
  expect(said).toEqual(["Instance logs cannot be stored", "Instance logs are stored again"]);
});
