import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide } from "./decide.ts";
import type { Command, Decision } from "./command.ts";
import type { EventBody, StepConfig } from "./events.ts";
import { dueAt, nextWake } from "./due.ts";
import { evolve } from "./evolve.ts";
import type { InstanceState } from "./state.ts";
import { LIMITS } from "../limits.ts";
import { WITH_SERVER, type Loss } from "./loss.ts";
import { INSTANCE_STATUSES, isFinal } from "./status.ts";

const CONFIG: StepConfig = { retries: { limit: 2, delay: 100, backoff: "constant" }, timeout: "10 minutes" };
const QUEUED: EventBody = { type: "workflow_queued", versionId: "v1", trigger: "api", params: "{}" };
const HUNG = "its host hung: no answer for 30000 ms";
const ALONE: Loss = { kind: "alone", how: HUNG };
const SHARED: Loss = { kind: "shared", how: HUNG };
const ERROR = { name: "Error", message: "boom" };

/** An instance on a table: commands go in, what is recorded is kept. */
class Table {
  state: InstanceState;
  now = 1_000;
  readonly journal: { event: EventBody; timestamp: number }[] = [];

  constructor() {
    this.state = this.#fold(undefined, QUEUED);
  }

  try(command: Command): Decision {
    const decision = decide(this.state, command, this.now);
    if ("events" in decision) for (const event of decision.events) this.state = this.#fold(this.state, event);
    return decision;
  }

  does(command: Command): string[] {
    const decision = this.try(command);
    if ("refused" in decision) throw new Error(`refused: ${decision.refused} ${decision.detail ?? ""}`);
    return decision.events.map(({ type }) => type);
  }

  /** Facts from the runtime. */
  says(...events: Extract<Command, { type: "record" }>["event"][]): string[] {
    return events.flatMap((event) => this.does({ type: "record", event }));
  }

  replayed(): InstanceState {
    let state: InstanceState | undefined;
    this.journal.forEach(({ event, timestamp }, i) => {
      state = evolve(state, event, { eventId: i + 1, timestamp, seq: i + 1 });
    });
    if (state === undefined) throw new Error("empty journal");
    return state;
  }

  /** Puts an event into the journal without a decision. */
  fold(event: EventBody): void {
    this.state = this.#fold(this.state, event);
  }

  #fold(state: InstanceState | undefined, event: EventBody): InstanceState {
    this.journal.push({ event, timestamp: this.now });
    const at = this.journal.length;
    return evolve(state, event, { eventId: at, timestamp: this.now, seq: at });
  }
}

/** A step that succeeded and can be undone. */
const undoable = (name: string): Parameters<Table["says"]> => [
  { ...started(name), rollback: true },
  attempt(name),
  attemptDone(name),
  done(name),
];
const undone = (name: string): Parameters<Table["says"]> => [
  { type: "rollback_step_started", name, count: 1 },
  { type: "rollback_attempt_started", name, count: 1, attempt: 1 },
  { type: "rollback_attempt_completed", name, count: 1, attempt: 1 },
  { type: "rollback_step_completed", name, count: 1 },
];

function running(): Table {
  const table = new Table();
  table.does({ type: "claim" });
  return table;
}

const started = (name: string): EventBody & { type: "step_started" } => ({
  type: "step_started",
  name,
  count: 1,
  config: CONFIG,
});
const attempt = (name: string, n = 1) => ({ type: "attempt_started", name, count: 1, attempt: n }) as const;
const attemptDone = (name: string, n = 1) => ({ type: "attempt_completed", name, count: 1, attempt: n }) as const;
const done = (name: string, output?: string) =>
  ({ type: "step_completed", name, count: 1, ...(output !== undefined && { output }) }) as const;
const sleeping = (name: string, wakeAt: number) => ({ type: "sleep_started", name, count: 1, durationMs: 1, wakeAt }) as const;
const waiting = (name: string, eventType = "go", timeoutMs = 10_000) =>
  ({ type: "wait_started", name, count: 1, eventType, timeoutMs }) as const;

describe("the life of an instance", () => {
  test("queued, started, running, complete", () => {
    const table = new Table();
    expect(table.state.status).toBe("queued");
    expect(table.does({ type: "claim" })).toEqual(["workflow_started", "workflow_running"]);
    table.says(started("a"), attempt("a"), attemptDone("a"), done("a", "1"), { type: "workflow_completed", output: "2" });
    expect(table.state.status).toBe("complete");
    expect(table.state.startedAt).toBe(1_000);
    expect(table.state.endedAt).toBe(1_000);
  });

  test("a claim of what is not queued does nothing", () => {
    expect(running().does({ type: "claim" })).toEqual([]);
  });

  test("a sleep puts it to waiting, and its end to running", () => {
    const table = running();
    table.says(sleeping("s", 5_000));
    expect(table.does({ type: "idle" })).toEqual(["workflow_waiting"]);
    expect(nextWake(table.state)).toBe(5_000);
    table.now = 4_999;
    expect(table.does({ type: "wake" })).toEqual([]);
    table.now = 5_000;
    expect(table.does({ type: "wake" })).toEqual(["workflow_running", "sleep_completed"]);
    expect(nextWake(table.state)).toBeNull();
  });

  test("a sleep that is over already ends at once", () => {
    expect(running().says(sleeping("s", 1_000))).toEqual(["sleep_started", "sleep_completed"]);
  });

  test("an instance is not idle while an attempt is running", () => {
    const table = running();
    table.says(started("a"), attempt("a"), sleeping("s", 5_000));
    expect(table.does({ type: "idle" })).toEqual([]);
    expect(table.state.status).toBe("running");
  });

  test("a retry delay is waited for, and its end is a reason to run", () => {
    const table = running();
    table.says(started("a"), attempt("a"), {
      type: "attempt_errored",
      name: "a",
      count: 1,
      attempt: 1,
      error: ERROR,
      retryDelayMs: 100,
    });
    expect(table.does({ type: "idle" })).toEqual(["workflow_waiting"]);
    table.now = 1_100;
    expect(table.does({ type: "wake" })).toEqual(["workflow_running"]);
    expect(table.says(attempt("a", 2))).toEqual(["attempt_started"]);
  });
});

describe("events for an instance", () => {
  test("one that is waited for goes to the first waiter of its type", () => {
    const table = running();
    table.says(waiting("first"), waiting("second"), waiting("other", "stop"));
    table.does({ type: "send_event", eventType: "go", payload: "1" });
    expect(table.journal.at(-1)?.event).toMatchObject({ type: "wait_completed", name: "first", payload: "1" });
    table.does({ type: "send_event", eventType: "go", payload: "2" });
    expect(table.journal.at(-1)?.event).toMatchObject({ type: "wait_completed", name: "second", payload: "2" });
    expect([...table.state.open].map(({ name }) => name)).toEqual(["other"]);
  });

  test("a wait of no time is over at once, whatever there is", () => {
    const table = running();
    table.does({ type: "send_event", eventType: "go", payload: "1" });
    table.says(waiting("none", "go", 0));
    expect(table.journal.at(-1)?.event).toMatchObject({ type: "wait_timed_out", name: "none" });
    table.says(waiting("later"));
    expect(table.journal.at(-1)?.event).toMatchObject({ type: "wait_completed", name: "later", payload: "1" });
  });

  test("an event without a waiter is kept for a later waiter, in order and by type", () => {
    const table = running();
    for (const payload of ["1", "2"]) table.does({ type: "send_event", eventType: "go", payload });
    table.does({ type: "send_event", eventType: "stop", payload: "3" });
    expect(table.says(waiting("a"))).toEqual(["wait_started", "wait_completed"]);
    expect(table.journal.at(-1)?.event).toMatchObject({ name: "a", payload: "1" });
    table.says(waiting("b"));
    expect(table.journal.at(-1)?.event).toMatchObject({ name: "b", payload: "2" });
    expect(table.state.bufferedCount).toBe(1);
  });

  test("after a time-out the next waiter gets it", () => {
    const table = running();
    table.says(waiting("late", "go", 10));
    table.now = 1_010;
    expect(table.does({ type: "wake" })).toEqual(["wait_timed_out"]);
    table.does({ type: "send_event", eventType: "go", payload: "1" });
    table.says(waiting("next"));
    expect(table.journal.at(-1)?.event).toMatchObject({ type: "wait_completed", name: "next" });
  });

  test("a paused instance keeps them until it goes on", () => {
    const table = running();
    table.says(waiting("a"));
    table.does({ type: "idle" });
    table.does({ type: "pause" });
    expect(table.does({ type: "send_event", eventType: "go", payload: "1" })).toEqual(["event_received"]);
    table.does({ type: "resume" });
    expect(table.does({ type: "claim" })).toEqual(["workflow_running", "wait_completed"]);
    expect(table.state.bufferedCount).toBe(0);
  });

  test("one that waits without a place keeps them until there is one; what came too late does not count", () => {
    const table = running();
    table.says(waiting("a", "go", 10), waiting("b", "go", 100), waiting("c", "go", 1_000));
    table.does({ type: "idle" });
    expect(nextWake(table.state)).toBe(1_010);
    table.now = 1_005;
    expect(table.does({ type: "hold_event", eventType: "go", payload: "1" })).toEqual(["event_received"]);
    // It is due since the event came.
    expect([table.state.status, nextWake(table.state)]).toEqual(["waiting", 1_005]);
    table.now = 1_500;
    table.does({ type: "hold_event", eventType: "go", payload: "2" });
    expect(table.does({ type: "wake" })).toEqual(["workflow_running", "wait_completed", "wait_completed", "wait_timed_out"]);
    expect(table.journal.slice(-3).map(({ event }) => event)).toMatchObject([
      { name: "a", payload: "1" },
      { name: "c", payload: "2" },
      { name: "b" },
    ]);
    expect(table.state.bufferedCount).toBe(0);
    expect(table.state.open.size).toBe(0);
  });

  test("those that were kept come before the one that there is a place for", () => {
    const table = running();
    table.says(waiting("a"), waiting("b"));
    table.does({ type: "idle" });
    table.does({ type: "hold_event", eventType: "go", payload: "1" });
    expect(table.does({ type: "send_event", eventType: "go", payload: "2" })).toEqual([
      "workflow_running",
      "wait_completed",
      "wait_completed",
    ]);
    expect(table.journal.slice(-2).map(({ event }) => event)).toMatchObject([
      { name: "a", payload: "1" },
      { name: "b", payload: "2" },
    ]);
  });

  test("a run that goes on by itself finds what was kept, a new waiter what is left of it", () => {
    const table = running();
    table.says(waiting("a"));
    table.does({ type: "idle" });
    for (const payload of ["1", "2"]) table.does({ type: "hold_event", eventType: "go", payload });
    expect(table.says(waiting("b"))).toEqual(["workflow_running", "wait_started", "wait_completed", "wait_completed"]);
    expect(table.journal.slice(-2).map(({ event }) => event)).toMatchObject([
      { name: "a", payload: "1" },
      { name: "b", payload: "2" },
    ]);
  });

  test("a finished instance is not made to keep any", () => {
    const table = running();
    table.says({ type: "workflow_completed" });
    expect(table.try({ type: "hold_event", eventType: "go", payload: "1" })).toEqual({ refused: "instance.in_finite_state" });
  });

  test("one that was resumed late gives a step its event or its time-out, not both", () => {
    const table = running();
    table.says(waiting("a", "go", 10));
    table.does({ type: "idle" });
    table.does({ type: "pause" });
    table.does({ type: "send_event", eventType: "go", payload: "1" });
    table.does({ type: "resume" });
    table.now = 5_000;
    expect(table.does({ type: "claim" })).toEqual(["workflow_running", "wait_completed"]);
  });

  test("a finished instance takes none", () => {
    const table = running();
    table.says({ type: "workflow_completed" });
    expect(table.try({ type: "send_event", eventType: "go", payload: "1" })).toEqual({ refused: "instance.in_finite_state" });
  });

  test("there is a limit to how many are kept", () => {
    const table = running();
    table.state.bufferedCount = LIMITS.bufferedEvents;
    expect(table.try({ type: "send_event", eventType: "go", payload: "1" })).toMatchObject({
      refused: "instance.too_many_events",
    });
  });
});

describe("pause and resume", () => {
  test("running attempts may end first", () => {
    const table = running();
    table.says(started("a"), attempt("a"));
    expect(table.does({ type: "pause" })).toEqual(["workflow_waiting_for_pause"]);
    table.says(attemptDone("a"), done("a"));
    expect(table.does({ type: "idle" })).toEqual(["workflow_paused"]);
    expect(table.does({ type: "resume" })).toEqual(["workflow_resumed"]);
    expect(table.state.status).toBe("queued");
    expect(table.does({ type: "claim" })).toEqual(["workflow_running"]);
  });

  test("a pending pause can be taken back", () => {
    const table = running();
    table.does({ type: "pause" });
    expect(table.does({ type: "resume" })).toEqual(["workflow_running"]);
  });

  test("time spent paused does not count", () => {
    const table = running();
    table.says(sleeping("s", 5_000));
    table.does({ type: "idle" });
    table.now = 2_000;
    expect(table.does({ type: "pause" })).toEqual(["workflow_waiting_for_pause", "workflow_paused"]);
    expect(nextWake(table.state)).toBeNull();
    table.now = 9_000;
    expect(table.does({ type: "wake" })).toEqual([]);
    table.does({ type: "resume" });
    expect(table.does({ type: "claim" })).toEqual(["workflow_running"]);
    expect(nextWake(table.state)).toBe(12_000);
  });

  test("on a finished or paused instance both do nothing", () => {
    const table = running();
    table.does({ type: "terminate", rollback: false });
    expect(table.does({ type: "pause" })).toEqual([]);
    expect(table.does({ type: "resume" })).toEqual([]);
  });
});

describe("an instance that lost its run", () => {
  const once: StepConfig = { ...CONFIG, retries: { ...CONFIG.retries, limit: 0 } };

  /** A step whose first attempt is running. */
  function attempting(config: StepConfig = CONFIG): Table {
    const table = running();
    table.says({ ...started("a"), config }, attempt("a"));
    return table;
  }

  /** Loses a run so often, and lets the step begin its next attempt after each but the last. */
  function lose(table: Table, loss: Loss, times: number): string[] {
    let kinds: string[] = [];
    for (let i = 0; i < times; i += 1) {
      if (i > 0) table.says(attempt("a", stepAttempts(table) + 1));
      kinds = table.does({ type: "recover", loss });
    }
    return kinds;
  }

  function stepAttempts({ state }: Table): number {
    const [step] = state.steps;
    return step?.kind === "do" ? step.attempts : 0;
  }

  test("an attempt that was lost with the server is made again at once, and is no retry", () => {
    const table = attempting(once);
    expect(lose(table, WITH_SERVER, 200)).toEqual(["workflow_recovered", "attempt_errored"]);
    expect(table.journal.at(-1)?.event).toMatchObject({
      error: { name: "WorkflowInternalError" },
      retryDelayMs: 0,
      attempt: 200,
    });
    table.says(attempt("a", 201), attemptDone("a", 201), done("a", "1"));
    expect(table.state.open.size).toBe(0);
  });

  test("its own failures still use the retries up, and the delay grows with them alone", () => {
    const table = attempting({ ...CONFIG, retries: { limit: 1, delay: 100, backoff: "linear" } });
    lose(table, WITH_SERVER, 3);
    const failed = { type: "attempt_errored", name: "a", count: 1, error: ERROR } as const;
    table.says(attempt("a", 4), { ...failed, attempt: 4, retryDelayMs: 100 }, attempt("a", 5));
    expect(table.try({ type: "record", event: { ...failed, attempt: 5, retryDelayMs: 200 } })).toMatchObject({
      refused: "runtime.out_of_order",
    });
    table.says({ ...failed, attempt: 5 });
  });

  test("one that takes its host down again and again ends its step, with a message that says how", () => {
    const table = attempting({ ...CONFIG, retries: { ...CONFIG.retries, limit: 100 } });
    table.now += 31_000;
    expect(lose(table, ALONE, LIMITS.recoveries)).toEqual(["workflow_recovered", "attempt_errored"]);
    expect(table.journal.at(-1)?.event).toMatchObject({ retryDelayMs: 16_000 });
    table.says(attempt("a", 6));
    table.now += 500;
    expect(table.does({ type: "recover", loss: ALONE })).toEqual(["workflow_recovered", "attempt_errored", "step_errored"]);
    expect(table.journal.at(-2)?.event).toMatchObject({
      error: {
        message: `Step "a-1" is given up: an attempt of it was lost with its host 6 times in a row, alone; at attempt 6, ${HUNG}, 500 ms after the attempt began`,
      },
    });
    expect(table.state.status).toBe("running");
  });

  test("one that was in company is given much longer", () => {
    const table = attempting(once);
    expect(lose(table, SHARED, LIMITS.sharedRecoveries)).toEqual(["workflow_recovered", "attempt_errored"]);
    table.says(attempt("a", LIMITS.sharedRecoveries + 1));
    expect(table.does({ type: "recover", loss: SHARED })).toEqual(["workflow_recovered", "attempt_errored", "step_errored"]);
  });

  test("an attempt that ends by itself ends the row", () => {
    const table = attempting();
    lose(table, ALONE, LIMITS.recoveries);
    const at = LIMITS.recoveries + 1;
    table.says(attempt("a", at), { type: "attempt_errored", name: "a", count: 1, attempt: at, error: ERROR, retryDelayMs: 100 });
    table.says(attempt("a", at + 1));
    expect(lose(table, ALONE, LIMITS.recoveries)).toEqual(["workflow_recovered", "attempt_errored"]);
  });

  test("other steps of it are not held to account", () => {
    const table = attempting(once);
    lose(table, ALONE, LIMITS.recoveries);
    table.says({ ...started("b"), config: once }, attempt("b"), attempt("a", LIMITS.recoveries + 1));
    table.does({ type: "recover", loss: ALONE });
    expect(table.state.steps.map((step) => step.kind === "do" && step.phase.is)).toEqual(["errored", "delayed"]);
  });

  test("what has not been heard whole is ended", () => {
    const table = running();
    table.says(started("a"), started("b"), attempt("a"), attempt("b"), attemptDone("a"));
    table.says({ type: "attempt_errored", name: "b", count: 1, attempt: 1, error: ERROR });
    expect(table.does({ type: "recover", loss: ALONE })).toEqual(["workflow_recovered", "attempt_errored", "step_errored"]);
    table.says(attempt("a", 2));
  });

  test("a row of an older version folds as it did: the attempt has used a retry up", () => {
    const table = attempting({ ...CONFIG, retries: { ...CONFIG.retries, limit: 1 } });
    table.fold({ type: "workflow_recovered" });
    table.fold({ type: "attempt_errored", name: "a", count: 1, attempt: 1, error: ERROR, retryDelayMs: 100 });
    expect(table.state.recoveries).toBe(1);
    table.says(attempt("a", 2));
    const again = { type: "attempt_errored", name: "a", count: 1, attempt: 2, error: ERROR, retryDelayMs: 100 } as const;
    expect(table.try({ type: "record", event: again })).toMatchObject({ refused: "runtime.out_of_order" });
  });

  test("a pause that was pending is done", () => {
    const table = running();
    table.does({ type: "pause" });
    expect(table.does({ type: "recover", loss: SHARED })).toEqual(["workflow_recovered", "workflow_paused"]);
  });

  test.each([
    ["alone", ALONE, LIMITS.recoveries],
    ["in company", SHARED, LIMITS.sharedRecoveries],
  ])("one that never starts a step and is lost %s fails at last", (_, loss, times) => {
    const table = running();
    for (let i = 0; i < times; i += 1) expect(table.does({ type: "recover", loss })).toEqual(["workflow_recovered"]);
    for (let i = 0; i < 100; i += 1) expect(table.does({ type: "recover", loss: WITH_SERVER })).toEqual(["workflow_recovered"]);
    expect(table.does({ type: "recover", loss })).toEqual(["workflow_recovered", "workflow_errored"]);
    expect(table.state.status).toBe("errored");
  });

  test("anything that it starts in between counts as progress", () => {
    const table = running();
    for (let i = 0; i < LIMITS.recoveries; i += 1) table.does({ type: "recover", loss: ALONE });
    table.says(started("a"), attempt("a"));
    expect(table.state.recoveries).toBe(0);
  });
});

describe("an instance that cannot go on for now", () => {
  test("is paused where it is; the running attempt is lost, but no life", () => {
    const table = running();
    table.says(started("a"), attempt("a"));
    expect(table.does({ type: "suspend", reason: "no key" })).toEqual(["attempt_errored", "workflow_paused"]);
    expect([table.state.status, table.state.recoveries, table.state.pausedFor]).toEqual(["paused", 0, "no key"]);
    expect(table.does({ type: "suspend", reason: "no key" })).toEqual([]);
    expect(table.does({ type: "resume" })).toEqual(["workflow_resumed"]);
    expect(table.state.pausedFor).toBeUndefined();
  });

  test("stays ended if it has ended", () => {
    const table = running();
    table.does({ type: "terminate", rollback: false });
    expect(table.does({ type: "suspend", reason: "no key" })).toEqual([]);
  });
});

describe("a delay that is skipped", () => {
  test("is over from then on, as if it had been that short; once is enough", () => {
    const table = running();
    table.says(sleeping("a", 5_000));
    table.does({ type: "idle" });
    const step = { kind: "sleep", name: "a", count: 1 } as const;
    table.now = 2_000;
    expect(table.does({ type: "skip_delay", step })).toEqual(["delay_skipped"]);
    expect(table.does({ type: "skip_delay", step })).toEqual([]);
    expect(nextWake(table.state)).toBe(2_000);
    expect(table.does({ type: "wake" })).toEqual(["workflow_running", "sleep_completed"]);
    expect(table.try({ type: "skip_delay", step })).toEqual({ refused: "instance.not_delayed" });
  });

  test("is not of steps at work, of waits for events, nor of instances that are paused", () => {
    const table = running();
    table.says(started("a"), attempt("a"), waiting("w"), sleeping("s", 5_000));
    const tried = (kind: "do" | "sleep" | "waitForEvent", name: string): Decision =>
      table.try({ type: "skip_delay", step: { kind, name, count: 1 } });
    expect([tried("do", "a"), tried("waitForEvent", "w")]).toEqual([
      { refused: "instance.not_delayed" },
      { refused: "instance.not_delayed" },
    ]);
    table.does({ type: "pause" });
    expect(tried("sleep", "s")).toEqual({ refused: "instance.not_delayed" });
  });
});

describe("what the runtime says is input", () => {
  const refused = { refused: "runtime.out_of_order" };
  const cases: [string, (table: Table) => Decision][] = [
    ["a step twice", (t) => (t.says(started("a")), t.try({ type: "record", event: started("a") }))],
    ["an attempt of no step", (t) => t.try({ type: "record", event: attempt("a") })],
    ["an attempt out of order", (t) => (t.says(started("a")), t.try({ type: "record", event: attempt("a", 2) }))],
    [
      "the end of an attempt that has not begun",
      (t) => (t.says(started("a")), t.try({ type: "record", event: attemptDone("a") })),
    ],
    [
      "the end of a step whose attempt goes on",
      (t) => (t.says(started("a"), attempt("a")), t.try({ type: "record", event: done("a") })),
    ],
    ["a step after the end", (t) => (t.says({ type: "workflow_completed" }), t.try({ type: "record", event: started("a") }))],
    [
      "a second end",
      (t) => (t.says({ type: "workflow_completed" }), t.try({ type: "record", event: { type: "workflow_completed" } })),
    ],
  ];
  test.each(cases)("%s is refused", (_, act) => {
    expect(act(running())).toMatchObject(refused);
  });
});

describe("ways out of a final status", () => {
  test("restart begins a new life with the same params and a new version", () => {
    const table = running();
    table.says(started("a"), attempt("a"), attemptDone("a"), done("a"), { type: "workflow_completed" });
    const lastEventId = table.state.lastEventId;
    expect(table.does({ type: "restart", versionId: "v2" })).toEqual(["workflow_queued"]);
    expect(table.state).toMatchObject({
      status: "queued",
      versionId: "v2",
      params: "{}",
      steps: [],
      startedAt: null,
      endedAt: null,
    });
    expect(table.state.lastEventId).toBe(lastEventId + 1);
  });

  test("terminate is refused", () => {
    const table = running();
    table.does({ type: "terminate", rollback: false });
    expect(table.try({ type: "terminate", rollback: false })).toEqual({ refused: "instance.cannot_terminate" });
  });
});

describe("rollback", () => {
  function rollingBack(...names: string[]): Table {
    const table = running();
    for (const each of names) table.says(...undoable(each));
    table.says({ type: "workflow_errored", error: ERROR });
    return table;
  }

  test("begins with a rejection, takes the last step first, and ends with the error", () => {
    const table = rollingBack("a", "b");
    expect(table.state.status).toBe("rollingBack");
    expect(table.says(...undone("b"))).toHaveLength(4);
    expect(table.says(...undone("a")).slice(-3)).toEqual(["rollback_step_completed", "rollback_completed", "workflow_errored"]);
    expect(table.journal.at(-1)?.event).toEqual({ type: "workflow_errored", error: ERROR });
    expect(table.state.status).toBe("errored");
  });

  test("there is none without steps to undo, nor when the run says never", () => {
    const plain = running();
    plain.says(started("a"), attempt("a"), attemptDone("a"), done("a"));
    expect(plain.says({ type: "workflow_errored", error: ERROR })).toEqual(["workflow_errored"]);
    const never = running();
    never.says(...undoable("a"));
    expect(never.says({ type: "workflow_errored", error: ERROR, rollback: "never" })).toEqual(["workflow_errored"]);
  });

  test.each(["running", "waiting", "paused", "queued"])("terminate begins it from %s", (from) => {
    const table = running();
    table.says(...undoable("a"), sleeping("s", 5_000));
    if (from !== "running") table.does({ type: "idle" });
    if (from === "paused" || from === "queued") table.does({ type: "pause" });
    if (from === "queued") table.does({ type: "resume" });
    expect(table.state.status).toBe(from);
    expect(table.does({ type: "terminate", rollback: true })).toEqual(["rollback_started"]);
    expect(nextWake(table.state)).toBeNull();
    expect(table.says(...undone("a")).slice(-2)).toEqual(["rollback_completed", "workflow_terminated"]);
  });

  test("a handler that fails for good halts it", () => {
    const table = rollingBack("a", "b");
    table.says(...undone("b").slice(0, 2), {
      type: "rollback_attempt_errored",
      name: "b",
      count: 1,
      attempt: 1,
      error: ERROR,
    });
    expect(table.says({ type: "rollback_step_errored", name: "b", count: 1, error: ERROR })).toEqual([
      "rollback_step_errored",
      "rollback_errored",
      "workflow_errored",
    ]);
  });

  test("a lost handler is tried again, and is no retry; one that takes its host down ends the rollback", () => {
    const table = rollingBack("a");
    const config = { ...CONFIG, retries: { ...CONFIG.retries, limit: 0 } };
    table.says({ type: "rollback_step_started", name: "a", count: 1, config });
    for (let number = 1; number <= LIMITS.recoveries + 2; number += 1) {
      table.says({ type: "rollback_attempt_started", name: "a", count: 1, attempt: number });
      const loss = number === 1 ? WITH_SERVER : ALONE;
      const lost = ["workflow_recovered", "rollback_attempt_errored"];
      const ended = ["rollback_step_errored", "rollback_errored", "workflow_errored"];
      expect(table.does({ type: "recover", loss })).toEqual(number < LIMITS.recoveries + 2 ? lost : [...lost, ...ended]);
      if (number === 1) expect(nextWake(table.state)).toBe(table.now);
    }
    expect(table.journal.at(-1)?.event).toEqual({ type: "workflow_errored", error: ERROR });
  });

  test("one that never gets to a handler ends at last", () => {
    const table = rollingBack("a");
    for (let i = 0; i < LIMITS.recoveries; i += 1)
      expect(table.does({ type: "recover", loss: ALONE })).toEqual(["workflow_recovered"]);
    expect(table.does({ type: "recover", loss: ALONE })).toEqual(["workflow_recovered", "rollback_errored", "workflow_errored"]);
  });

  test("code that is gone ends it", () => {
    expect(rollingBack("a").does({ type: "fail", error: ERROR })).toEqual(["rollback_errored", "workflow_errored"]);
  });

  test.each<[string, Parameters<Table["says"]>]>([
    ["another step than the next", undone("a").slice(0, 1)],
    ["an attempt without a handler", undone("b").slice(1, 2)],
    ["a second start", [...undone("b").slice(0, 1), ...undone("b").slice(0, 1)]],
    ["an end without an attempt", [...undone("b").slice(0, 1), ...undone("b").slice(3)]],
    ["a step of the workflow", [started("c")]],
    ["another end", [{ type: "workflow_completed" }]],
  ])("%s is refused", (_, events) => {
    const table = rollingBack("a", "b");
    table.says(...events.slice(0, -1));
    expect(table.try({ type: "record", event: events.at(-1) ?? started("c") })).toMatchObject({
      refused: "runtime.out_of_order",
    });
  });

  test("outside of it no handler may be run", () => {
    const table = running();
    table.says(...undoable("a"));
    const [event = started("a")] = undone("a");
    expect(table.try({ type: "record", event })).toMatchObject({ refused: "runtime.out_of_order" });
  });

  test("whatever the program was, handlers run in the reverse order of the starts, each once", () => {
    const step = fc.record({ isUndoable: fc.boolean(), end: fc.constantFrom("done", "errored", "open") });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.boolean(), (steps, terminates) => {
        const table = running();
        steps.forEach(({ isUndoable, end }, i) => {
          const name = `s${i}`;
          table.says({ ...started(name), ...(isUndoable && { rollback: true }) }, attempt(name));
          if (end === "done") table.says(attemptDone(name), done(name));
          if (end !== "errored") return;
          table.says(
            { type: "attempt_errored", name, count: 1, attempt: 1, error: ERROR },
            { type: "step_errored", name, count: 1 },
          );
        });
        if (terminates) table.does({ type: "terminate", rollback: true });
        else table.says({ type: "workflow_errored", error: ERROR });
        for (
          let next = table.state.rollback?.remaining.at(-1);
          next !== undefined;
          next = table.state.rollback?.remaining.at(-1)
        ) {
          table.says(...undone(next.name));
        }
        const order = table.journal.flatMap(({ event }) => (event.type === "rollback_step_completed" ? [event.name] : []));
        expect(order).toEqual(steps.flatMap(({ isUndoable }, i) => (isUndoable ? [`s${i}`] : [])).toReversed());
        expect(table.state.status).toBe(terminates ? "terminated" : "errored");
      }),
    );
  });
});

describe("restart from a step", () => {
  const from = (name: string, kind: "do" | "sleep" | "waitForEvent" = "do"): Command => ({
    type: "restart",
    versionId: "v2",
    from: { kind, name, count: 1 },
  });

  test("keeps what had started before it", () => {
    const table = running();
    table.says(...undoable("a"), waiting("w"), started("b"), attempt("b"), sleeping("s", 5_000));
    expect(table.does(from("b"))).toEqual(["workflow_queued"]);
    expect(table.state).toMatchObject({ status: "queued", versionId: "v2", startedAt: null });
    expect(table.state.steps.map(({ name }) => name)).toEqual(["a", "w"]);
    expect([...table.state.open].map(({ name }) => name)).toEqual(["w"]);
    expect(table.does({ type: "claim" })).toEqual(["workflow_started", "workflow_running"]);
    // What is wiped may start again, and what is kept may not.
    expect(table.says(started("b"))).toEqual(["step_started"]);
    expect(table.try({ type: "record", event: started("a") })).toMatchObject({ refused: "runtime.out_of_order" });
  });

  test("a kept step that was running has all its attempts before it", () => {
    const table = running();
    table.says(started("a"), attempt("a"), started("b"));
    table.does({ type: "terminate", rollback: false });
    table.does(from("b"));
    table.does({ type: "claim" });
    expect(table.says(attempt("a", 1), attemptDone("a"), done("a"))).toHaveLength(3);
  });

  test("is refused for a step that there is not, and changes nothing", () => {
    const table = running();
    table.says(...undoable("a"));
    const before = structuredClone(table.state);
    for (const command of [from("b"), from("a", "sleep")]) {
      expect(table.try(command)).toMatchObject({ refused: "instance.cannot_restart" });
    }
    expect(table.state).toEqual(before);
  });

  test("undelivered events are kept, and events delivered to a wiped waiter are not", () => {
    const table = running();
    for (const payload of ["1", "2"]) table.does({ type: "send_event", eventType: "go", payload });
    table.says(waiting("w"), { type: "workflow_completed" });
    table.does(from("w", "waitForEvent"));
    table.does({ type: "claim" });
    table.says(waiting("w"));
    expect(table.journal.at(-1)?.event).toMatchObject({ type: "wait_completed", payload: "2" });
  });
});

test("an event kind of a newer version is refused, not skipped", () => {
  const { state } = new Table();
  const unknown = { type: "workflow_teleported" } as unknown as EventBody;
  expect(() => evolve(state, unknown, { eventId: 2, timestamp: 1, seq: 2 })).toThrow("workflow_teleported");
});

/** Commands and facts, as arbitrary as they come; most of the facts will not fit and are refused. */
const name = fc.constantFrom("a", "b");
const number = fc.integer({ min: 1, max: 3 });
const fact: fc.Arbitrary<Command> = fc
  .oneof(
    name.map(started),
    fc.tuple(name, number).map(([n, k]) => attempt(n, k)),
    fc.tuple(name, number).map(([n, k]) => attemptDone(n, k)),
    fc.tuple(name, number, fc.option(fc.constantFrom(50, 100))).map(
      ([n, k, retry]) =>
        ({
          type: "attempt_errored",
          name: n,
          count: 1,
          attempt: k,
          error: ERROR,
          ...(retry !== null && { retryDelayMs: retry }),
        }) as const,
    ),
    name.map((n) => done(n, "1")),
    name.map((n) => ({ type: "step_errored", name: n, count: 1 }) as const),
    fc.tuple(name, fc.integer({ min: 900, max: 2_000 })).map(([n, at]) => sleeping(n, at)),
    fc.tuple(name, number).map(([n, k]) => ({ ...waiting(n, "go", 200), count: k })),
    fc.constant({ type: "workflow_completed" } as const),
    fc.constant({ type: "workflow_errored", error: ERROR } as const),
    name.map((n) => ({ ...started(n), rollback: true }) as const),
    fc.tuple(name, fc.nat(3)).map(([n, i]) => undone(n)[i] ?? started(n)),
    name.map((n) => ({ type: "rollback_step_errored", name: n, count: 1, error: ERROR }) as const),
    fc
      .tuple(name, number)
      .map(
        ([n, k]) =>
          ({ type: "rollback_attempt_errored", name: n, count: 1, attempt: k, error: ERROR, retryDelayMs: 100 }) as const,
      ),
  )
  .map((event) => ({ type: "record", event }));
const anything: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fact },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Command>(
      { type: "claim" },
      { type: "recover", loss: WITH_SERVER },
      { type: "recover", loss: ALONE },
      { type: "recover", loss: SHARED },
      { type: "suspend", reason: "no key" },
      { type: "pause" },
      { type: "resume" },
      { type: "restart", versionId: "v2" },
      { type: "restart", versionId: "v2", from: { kind: "do", name: "a", count: 1 } },
      { type: "terminate", rollback: true },
      { type: "skip_delay", step: { kind: "do", name: "a", count: 1 } },
      { type: "skip_delay", step: { kind: "sleep", name: "a", count: 1 } },
    ),
  },
  { weight: 2, arbitrary: fc.constantFrom<Command>({ type: "idle" }, { type: "wake" }) },
  { weight: 1, arbitrary: fc.nat(9).map((n): Command => ({ type: "send_event", eventType: "go", payload: String(n) })) },
  { weight: 1, arbitrary: fc.nat(9).map((n): Command => ({ type: "hold_event", eventType: "go", payload: String(n) })) },
  { weight: 1, arbitrary: fc.constant<Command>({ type: "terminate", rollback: false }) },
);
const story = fc.array(fc.tuple(anything, fc.nat(120)), { maxLength: 60 });

describe("whatever happens", () => {
  test("decisions can be folded, and folding the journal again gives the same state", () => {
    fc.assert(
      fc.property(story, (steps) => {
        const table = running();
        for (const [command, later] of steps) {
          table.now += later;
          table.try(command);
          expect(INSTANCE_STATUSES).toContain(table.state.status);
        }
        expect(table.replayed()).toEqual(table.state);
        expect(table.replayed()).toEqual(table.replayed());
      }),
    );
  });

  test("only restart leads out of a final status", () => {
    fc.assert(
      fc.property(story, (steps) => {
        const table = running();
        for (const [command, later] of steps) {
          const before = table.state.status;
          table.now += later;
          table.try(command);
          if (isFinal(before) && command.type !== "restart") expect(table.state.status).toBe(before);
        }
      }),
    );
  });

  test("no timer ends early", () => {
    fc.assert(
      fc.property(story, (steps) => {
        const table = running();
        for (const [command, later] of steps) {
          table.now += later;
          const due = new Map([...table.state.open].map((step) => [`${step.kind} ${step.name} ${step.count}`, dueAt(step)]));
          const decision = table.try(command);
          if (command.type !== "wake" || "refused" in decision) continue;
          for (const event of decision.events) {
            if (event.type !== "sleep_completed" && event.type !== "wait_timed_out") continue;
            const kind = event.type === "sleep_completed" ? "sleep" : "waitForEvent";
            expect(due.get(`${kind} ${event.name} ${event.count}`)).toBeLessThanOrEqual(table.now);
          }
        }
      }),
    );
  });

  test("each event reaches at most one waiter, in the order of arrival, also across pauses", () => {
    const steps = fc.array(
      fc.tuple(fc.constantFrom("send", "hold", "wait", "idle", "pause", "resume", "claim", "wake"), fc.nat(90)),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(steps, (acts) => {
        const table = running();
        let sent = 0;
        let waits = 0;
        for (const [act, later] of acts) {
          table.now += later;
          if (act === "send") table.does({ type: "send_event", eventType: "go", payload: String((sent += 1)) });
          else if (act === "hold") table.does({ type: "hold_event", eventType: "go", payload: String((sent += 1)) });
          else if (act === "wait") {
            if (table.state.status !== "running" && table.state.status !== "waiting") continue;
            table.does({ type: "record", event: { ...waiting("w"), count: (waits += 1), timeoutMs: 300 } });
          } else table.does({ type: act as "idle" });
        }
        const received = table.journal.flatMap(({ event }) => (event.type === "wait_completed" ? [Number(event.payload)] : []));
        expect(received).toEqual(received.map((_, i) => i + 1));
        expect(received.length + table.state.bufferedCount).toBe(sent);
      }),
    );
  });
});
