/** Which old versions are deleted, and which stay because they are in use. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { inProcessExecutor } from "../../executors/in-process/executor.ts";
import { LIMITS } from "../../model/limits.ts";
import { silentLog } from "../../noop/log.ts";
import type { WorkflowStep } from "../../runtime/cloudflare/workers.ts";
import { openBench, type Bench } from "../../testing/engine-bench.ts";
import { VersionCollector } from "./collect-versions.ts";

class Flow {
  async run({ payload }: { payload: { sleeps?: boolean } }, step: WorkflowStep): Promise<void> {
    if (payload.sleeps === true) await step.sleep("long", "30 days");
  }
}

let bench: Bench;
let collector: VersionCollector;

beforeEach(async () => {
  bench = await openBench((clock) => inProcessExecutor({ classes: { Flow }, now: () => clock.now() }), ["Flow"]);
  collector = new VersionCollector({ ...bench, log: silentLog });
});
afterEach(async () => {
  await collector.close();
  await bench.close();
});

/** Deploys version `n` of the script, and of its workflow. */
async function deploy(n: number): Promise<void> {
  const { catalog } = bench;
  const script = {
    id: `s${n}`,
    script: "script",
    hash: `${n}`,
    code: "",
    bindings: [],
    compatibilityFlags: [],
    createdAt: n,
  };
  const version = { id: `w${n}`, workflow: "Flow", className: "Flow", scriptVersionId: `s${n}`, createdAt: n, settings: {} };
  const present = await catalog.workflow("Flow");
  if (present === undefined) throw new Error("There is no workflow");
  const deployment = { id: `d${n}`, script: "script", versionId: `s${n}`, createdAt: n, annotations: {} };
  await catalog.commit([
    { type: "version", version: script },
    { type: "deployment", deployment },
    { type: "workflow", workflow: { ...present, versionId: version.id }, version },
  ]);
}

async function instance(id: string, status: "waiting" | "complete"): Promise<void> {
  await bench.engine.create("Flow", [{ id, params: JSON.stringify({ sleeps: status === "waiting" }) }], "api");
  await bench.reaches({ workflow: "Flow", id }, status);
}

/** Lets an hour pass, and then what it takes. */
async function hour(): Promise<void> {
  bench.clock.advance(60 * 60 * 1_000);
  for (let turn = 0; turn < 20; turn += 1) {
    await bench.quiet();
    bench.clock.advance(10);
  }
}

async function present(...ids: readonly string[]): Promise<string[]> {
  const { catalog } = bench;
  const found = await Promise.all(
    ids.map(async (id) => (await catalog.scriptVersion(id)) ?? (await catalog.workflowVersion(id))),
  );
  return found.flatMap((each) => (each === undefined ? [] : [each.id]));
}

test("the newest stay, and what instances need; of one that has ended the version, but not its code", async () => {
  await deploy(2);
  await instance("asleep", "waiting");
  await deploy(3);
  await instance("done", "complete");
  await deploy(4);
  for (let n = 5; n <= LIMITS.versions + 4; n += 1) await deploy(n);
  await hour();
  // With the bench's own there is one more of the script, which is the oldest.
  expect(await present("s1", "s2", "s3", "s4", "s5", "w2", "w3", "w4", "w5")).toEqual(["s2", "s5", "w2", "w3", "w5"]);
  await bench.engine.remove("Flow", ["asleep", "done"]);
  await hour();
  expect(await present("s2", "s5", "w2", "w3", "w5")).toEqual(["s5", "w5"]);
});

test("nothing goes while there are not too many", async () => {
  for (let n = 2; n <= LIMITS.versions; n += 1) await deploy(n);
  await hour();
  expect(await present("s1", "s2", "w2")).toEqual(["s1", "s2", "w2"]);
});
