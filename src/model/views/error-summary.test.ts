import { expect, test } from "vitest";
import type { EventBody } from "../instance/events.ts";
import { errorSummary } from "./error-summary.ts";
import { evolve } from "../instance/evolve.ts";
import type { InstanceState } from "../instance/state.ts";

const BORN: EventBody = { type: "workflow_queued", versionId: "v1", trigger: "api", params: "{}" };

function fold(events: readonly EventBody[]): InstanceState {
  let state: InstanceState | undefined;
  events.forEach((event, i) => (state = evolve(state, event, { eventId: i + 1, timestamp: i, seq: 1 })));
  if (state === undefined) throw new Error("No events");
  return state;
}

function failed(name: string, message: string, count = 1): EventBody[] {
  const error = { name: "Error", message };
  return [
    { type: "step_started", name, count },
    { type: "attempt_started", name, count, attempt: 1 },
    { type: "attempt_errored", name, count, attempt: 1, error },
    { type: "step_errored", name, count },
  ];
}

const summaryOf = (...events: EventBody[]) => errorSummary(fold([BORN, ...events]), events);
const ended = (message: string, name = "Error"): EventBody => ({ type: "workflow_errored", error: { name, message } });

test("an error that a step has thrown is that step's, the last one's if there are several", () => {
  expect(summaryOf(...failed("charge", "refused"), ended("refused"))).toMatchObject({ message: "refused", step: "charge" });
  const twice = [...failed("first", "refused"), ...failed("second", "refused"), ...failed("third", "gone")];
  expect(summaryOf(...twice, ended("refused"))).toMatchObject({ step: "second" });
});

test("a class that has not survived is still the step's error, and so is one that must not be retried", () => {
  expect(summaryOf(...failed("charge", "refused"), ended("CardError: refused"))).toMatchObject({ step: "charge" });
  expect(summaryOf(...failed("charge", "refused"), ended("it was not handled", "WorkflowFatalError"))).toMatchObject({
    step: "charge",
  });
});

test("an error that code makes of its own is no step's", () => {
  expect(summaryOf(...failed("charge", "refused"), ended("the order cannot be placed"))).toMatchObject({ step: null });
  expect(summaryOf(ended("boom", "TypeError"))).toMatchObject({ name: "TypeError", step: null });
});

test("what is kept is cut", () => {
  const summary = summaryOf(ended("x".repeat(5_000), "N".repeat(5_000)));
  expect([summary?.name.length, summary?.message.length]).toEqual([256, 1_024]);
});

test("an instance that has ended otherwise, or goes on, has none", () => {
  expect(summaryOf({ type: "workflow_completed" })).toBeUndefined();
  expect(summaryOf(...failed("charge", "refused"))).toBeUndefined();
  expect(errorSummary(fold([BORN, ended("refused")]), [])).toBeUndefined();
});
