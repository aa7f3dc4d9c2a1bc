/** What a test arranges for steps holds in every executor: it comes with the frame that starts a run, and in frames of its own. */
import { expect, test } from "vitest";
import type { Arrangement } from "../../../src/model/step/arrangement.ts";
import { encode } from "../../../src/model/values/value.ts";
import type { OpenHost } from "./executor.ts";
import { outputIn } from "./run.ts";

const NOTHING: Arrangement = { sleeps: [], delays: [], waits: [], steps: {} };

/** Declares the tests. */
export function arrangementCases(open: OpenHost): void {
  test("a result takes the place of the callback", async () => {
    const { driver } = await open();
    const steps = { "1 first": { failures: [], result: { output: encode(40) } } };
    const run = driver.start("Two", { arrangements: [{ ...NOTHING, steps }] });
    expect(outputIn(await run.last())).toMatchObject({ first: 40 });
  });

  test("errors and the step's time-out fail attempts, and retries need not be waited for", async () => {
    const { driver } = await open();
    const steps = { "1 flaky": { failures: [{ name: "RangeError", message: "arranged" }], always: "timeout" as const } };
    const run = driver.start("Flaky", { arrangements: [{ ...NOTHING, delays: ["1 flaky"], steps }] });
    await run.until(() => run.idles === 1);
    expect(run.events.at(-1)).toMatchObject({
      error: { name: "RangeError", message: "arranged" },
      retryDelayMs: 0,
    });
    run.tell({ type: "retry", key: { kind: "do", name: "flaky", count: 1 } });
    await run.until(() => run.idles === 2);
    expect(run.events.at(-1)).toMatchObject({ attempt: 2, error: { name: "WorkflowTimeoutError" } });
  });

  test("a sleep is over when it begins", async () => {
    const { driver } = await open();
    const run = driver.start("Sleeper", { arrangements: [{ ...NOTHING, sleeps: "all" }] });
    const began = await run.event(({ type }) => type === "sleep_started");
    expect(began).toMatchObject({ durationMs: 3_600_000 });
    expect((began as { wakeAt: number }).wakeAt).toBeLessThanOrEqual(Date.now());
  });

  test("a wait for an event times out at once", async () => {
    const { driver } = await open();
    const run = driver.start("Waiter", { arrangements: [{ ...NOTHING, waits: ["1 answer"] }] });
    expect(await run.event(({ type }) => type === "wait_started")).toMatchObject({ timeoutMs: 0 });
  });

  test("an arrangement made during a run applies to its next steps", async () => {
    const { driver } = await open();
    const run = driver.start("Flaky");
    await run.until(() => run.idles === 1);
    const steps = { "1 flaky": { failures: [], result: { output: encode("arranged") } } };
    run.tell({ type: "arrange", arrangements: [{ ...NOTHING, steps }] });
    run.tell({ type: "retry", key: { kind: "do", name: "flaky", count: 1 } });
    expect(outputIn(await run.last())).toBe("arranged");
  });
}
