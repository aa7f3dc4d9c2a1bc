/** Executor contract: steps that are undone, by handlers in memory and by handlers that a replay has to find. */
import { expect, test } from "vitest";
import { encode } from "../../../src/model/values/value.ts";
import type { Outcome } from "../../../src/protocol/frames.ts";
import type { OpenHost } from "./executor.ts";
import type { Driver, DrivenRun, RunSetup } from "./driver.ts";

const ERROR = { name: "RangeError", message: "no way" };
const FIRST: Outcome = { key: { kind: "do", name: "first", count: 1 }, state: "completed", output: encode("live") };
const SECOND: Outcome = { key: { kind: "do", name: "second", count: 1 }, state: "completed", output: encode("after live") };
const NAP: Outcome = { key: { kind: "sleep", name: "nap", count: 1 }, state: "slept" };

/** Starts a run that undoes steps and knows their number, before it is sent their outcomes. */
function undo(driver: Driver, known: number, rollback: Partial<RunSetup["rollback"]> = {}): DrivenRun {
  return driver.start("Undoer", { knownSteps: known, rollback: { error: ERROR, ...rollback } });
}

/** A run that has rejected and keeps its handlers. */
async function rejected(driver: Driver): Promise<DrivenRun> {
  const run = driver.start("Undoer", { history: [], knownSteps: 0 });
  await run.until(() => run.idles === 1);
  run.tell({ type: "outcome", outcome: NAP });
  expect(await run.last()).toEqual({ type: "workflow_errored", error: ERROR, rollback: "ready", frame: "Undoer.run" });
  return run;
}

/** Orders, handlers, retries. */
export function rollbackCases(open: OpenHost): void {
  test("the start of a step says whether it has a rollback handler", async () => {
    const { driver } = await open();
    const run = await rejected(driver);
    expect(run.events.filter(({ type }) => type === "step_started")).toMatchObject([{ rollback: true }, { rollback: true }]);
  });

  test("a handler in memory gets its whole context, and is retried when the engine says so", async () => {
    const { driver } = await open();
    const before = await rejected(driver);
    const run = undo(driver, 3, { inherits: before.id });
    run.tell({ type: "compensate", outcome: FIRST });
    expect(await run.event(({ type }) => type === "rollback_attempt_errored")).toMatchObject({
      error: { name: "TypeError", message: "first-1,live,RangeError,no way,live" },
      retryDelayMs: 50,
    });
    run.tell({ type: "retry", key: FIRST.key });
    await run.event(({ type }) => type === "rollback_step_completed");
    expect(run.types).toEqual([
      "rollback_step_started",
      "rollback_attempt_started",
      "rollback_attempt_errored",
      "rollback_attempt_started",
      "rollback_attempt_completed",
      "rollback_step_completed",
    ]);
    expect(run.needs).toEqual([]);
  });

  test("steps may not be called meanwhile", async () => {
    const { driver } = await open();
    const before = await rejected(driver);
    const run = undo(driver, 3, { inherits: before.id });
    run.tell({ type: "compensate", outcome: SECOND });
    expect(await run.event(({ type }) => type === "rollback_attempt_errored")).toMatchObject({
      error: { message: "WorkflowFatalError: Cannot execute steps during rollback phase" },
    });
    expect(run.types).not.toContain("step_started");
  });

  test("a handler that is not in memory is found by a replay that executes nothing", async () => {
    const { driver } = await open();
    const run = undo(driver, 2);
    run.tell({ type: "compensate", outcome: FIRST });
    await run.until(() => run.needs.length > 0);
    run.tell({ type: "history", from: 0, outcomes: [FIRST, { key: NAP.key, state: "pending" }] });
    expect(await run.event(({ type }) => type === "rollback_attempt_errored")).toMatchObject({
      error: { message: "first-1,live,RangeError,no way,replayed" },
    });
    expect(run.types.filter((type) => !type.startsWith("rollback_"))).toEqual([]);
  });

  test("a rollback that had begun resumes with its configuration", async () => {
    const { driver } = await open();
    const run = undo(driver, 2);
    const config = { retries: { limit: 7, delay: 3, backoff: "linear" }, timeout: 1_000 } as const;
    run.tell({ type: "compensate", outcome: FIRST, begun: { config, attempts: 4, due: false } });
    await run.until(() => run.needs.length > 0);
    run.tell({ type: "history", from: 0, outcomes: [FIRST, NAP] });
    await run.until(() => run.idles > 0);
    expect(run.types).toEqual([]);
    run.tell({ type: "retry", key: FIRST.key });
    await run.event(({ type }) => type === "rollback_step_completed");
    expect(run.events[0]).toMatchObject({ type: "rollback_attempt_started", attempt: 5 });
  });

  test("a rollback handler that the code does not have fails with RollbackMissing", async () => {
    const { driver } = await open();
    const run = undo(driver, 1);
    const gone: Outcome = { key: { kind: "do", name: "gone", count: 1 }, state: "completed" };
    run.tell({ type: "compensate", outcome: gone });
    await run.until(() => run.needs.length > 0);
    run.tell({ type: "history", from: 0, outcomes: [gone] });
    expect(await run.event(({ type }) => type === "rollback_step_errored")).toMatchObject({
      error: { name: "RollbackMissing", message: "Rollback function not available in registry" },
    });
  });

  test("a run that keeps handlers is forgotten when it is stopped", async () => {
    const { driver } = await open();
    const before = await rejected(driver);
    before.tell({ type: "stop" });
    const run = undo(driver, 2, { inherits: before.id });
    run.tell({ type: "compensate", outcome: FIRST });
    await run.until(() => run.needs.length > 0);
    expect(run.types).toEqual([]);
  });
}
