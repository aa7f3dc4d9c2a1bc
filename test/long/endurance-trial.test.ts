/** The suite seen to fail: a trial that hangs, one with a stuck instance in it, and its command line. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { chart } from "../endurance/chart.ts";
import type { Unfinished } from "../endurance/database.ts";
import { readOptions, UsageError } from "../endurance/options.ts";
import { SCENARIOS } from "../endurance/scenarios/all.ts";
import { Trial, type Result, type Scenario } from "../endurance/trial.ts";

const MAIN = fileURLToPath(new URL("../endurance/main.ts", import.meta.url));
const SOON_MS = 20;

async function run(work: (trial: Trial) => Promise<void>, limitMs: number = 20_000): Promise<Result> {
  const scenario: Scenario = { name: "planted", executor: "node", load: "busy", limitMs, run: work };
  return new Trial(scenario, { seed: 1, scale: 1 }).run(scenario);
}

const failures = ({ checks }: Result): string[] =>
  checks.filter(({ holds }) => !holds).map(({ what, detail }) => `${what}: ${detail}`);

test("a scenario in which everything holds passes", async () => {
  expect(failures(await run(async (trial) => trial.check("all is well", true)))).toEqual([]);
});

test("a scenario that never ends fails at its deadline and says what it was waiting for", async () => {
  const hangs = run((trial) => trial.until("the impossible has happened", () => false), SOON_MS);
  expect(failures(await hangs)).toEqual([expect.stringContaining("while it was waiting until the impossible has happened")]);
});

test("a scenario that never ends is cleaned up", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  await run(async (trial) => {
    trial.defer(async () => child.kill("SIGKILL"));
    await new Promise(() => {});
  }, SOON_MS);
  expect(child.killed).toBe(true);
});

test("a scenario that throws fails with its reason", async () => {
  expect(failures(await run(() => Promise.reject(new Error("no server"))))).toEqual([expect.stringContaining("no server")]);
});

test("an instance that could go on and does not ends the trial", { timeout: 20_000 }, async () => {
  const instance: Unfinished = { pk: 1, workflow: "w", id: "planted", status: "waiting", wakeAt: 0, seq: 3 };
  const database = { running: () => [], due: () => [instance], queued: () => [] };
  const result = await run(async (trial) => {
    trial.watch(database);
    await trial.until("it goes on", () => false);
  });
  expect(failures(result)).toEqual([
    expect.stringMatching(/1 could go on and have not: w\/planted waiting for \d+ s at journal row 3/),
  ]);
});

test("a suite that is asked to end leaves nothing behind", { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "stepwell-test-"));
  const { VITEST: _, ...env } = process.env;
  const args = [MAIN, "--only", "deploys", "--executor", "node"];
  const suite = spawn(process.execPath, args, { env: { ...env, TMPDIR: folder }, stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  suite.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  const ended = once(suite, "close");
  // Its server has a database: it is on its way, or there.
  while (globSync("stepwell-endurance-*/stepwell.db", { cwd: folder }).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 20));
  suite.kill("SIGTERM");
  const killed = setTimeout(() => suite.kill("SIGKILL"), 40_000);
  await ended;
  clearTimeout(killed);
  expect(suite.exitCode).toBe(1);
  expect(printed).toMatch(/NOT: the suite is not interrupted: SIGTERM[\s\S]*\n\d+ passed, 1 failed\n$/);
  expect(globSync("stepwell-*", { cwd: folder })).toEqual([]);
  await rm(folder, { recursive: true });
});

describe("the command line", () => {
  test("chooses scenarios and scales them", () => {
    expect(readOptions(["--only", "steps", "--executor", "node", "--minutes", "60"], SCENARIOS)).toMatchObject({
      scenarios: [{ name: "steps", executor: "node" }],
      scale: 10,
    });
  });
  test.each([[["--only", "stpes"]], [["--minutes", "0"]], [["--executor", "deno"]], [["--what"]]])("%j is refused", (args) => {
    expect(() => readOptions(args, SCENARIOS)).toThrow(UsageError);
  });
});

test("the chart has a strip for each figure, and keeps markup out of labels", () => {
  const strip = (label: string) => ({ label, unit: "MiB", samples: [0, 1, 2].map((at) => ({ at, value: at })) });
  const drawn = chart([
    { title: "a & b", strips: [strip("memory"), strip("<handles>")] },
    { title: "c", strips: [strip("files")] },
  ]);
  expect(drawn.match(/<polyline/g)).toHaveLength(3);
  expect(drawn).toContain("a &amp; b");
  expect(drawn).toContain("&lt;handles&gt;");
});
