/** What the runtime may not claim: its frames are input, since user code shares its memory. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide } from "../instance/decide.ts";
import type { Command } from "../instance/command.ts";
import type { EventBody, RuntimeEvent, StepConfig } from "../instance/events.ts";
import { evolve } from "../instance/evolve.ts";
import type { DoStep, InstanceState } from "../instance/state.ts";
import { LIMITS } from "../limits.ts";
import { failures, WITH_SERVER } from "../instance/loss.ts";
import { mayRetry, retryDelayMs } from "./retry.ts";

const NOW = Date.UTC(2026, 0, 1);
const CONFIG: StepConfig = { retries: { limit: 2, delay: 100, backoff: "exponential" }, timeout: "1 minute" };
const ERROR = { name: "Error", message: "boom" };

/** An instance that runs. */
class Instance {
  state: InstanceState;
  #last = 0;

  constructor() {
    this.state = this.#fold(undefined, { type: "workflow_queued", versionId: "v1", trigger: "api", params: "{}" });
    this.tries({ type: "claim" });
  }

  /** True when the command is accepted. */
  tries(command: Command): boolean {
    const decision = decide(this.state, command, NOW);
    if ("refused" in decision) return false;
    for (const event of decision.events) this.state = this.#fold(this.state, event);
    return true;
  }

  /** True when all of these are accepted. */
  says(...events: RuntimeEvent[]): boolean {
    return events.every((event) => this.tries({ type: "record", event }));
  }

  #fold(state: InstanceState | undefined, event: EventBody): InstanceState {
    this.#last += 1;
    return evolve(state, event, { eventId: this.#last, timestamp: NOW, seq: this.#last });
  }
}

const step = { name: "a", count: 1 } as const;
const begun = (config: StepConfig = CONFIG): RuntimeEvent[] => [
  { type: "step_started", ...step, config },
  { type: "attempt_started", ...step, attempt: 1 },
];
const failed = (attempt: number, retryDelayMs?: number): RuntimeEvent => ({
  type: "attempt_errored",
  ...step,
  attempt,
  error: ERROR,
  ...(retryDelayMs !== undefined && { retryDelayMs }),
});
const withRetries = (retries: Partial<StepConfig["retries"]>): StepConfig => ({
  ...CONFIG,
  retries: { ...CONFIG.retries, ...retries },
});

describe("the runtime may", () => {
  test.each<[string, RuntimeEvent[]]>([
    ["retry up to the limit", [...begun(), failed(1, 100), { type: "attempt_started", ...step, attempt: 2 }, failed(2, 200)]],
    ["retry at once, which tests do", [...begun(), failed(1, 0)]],
    ["not retry at all", [...begun(), failed(1), { type: "step_errored", ...step }]],
    ["wait as long as a function says", [...begun(withRetries({ delay: "[dynamic]" })), failed(1, 123)]],
    ["allow a fraction of a retry", begun(withRetries({ limit: 1.5 }))],
    ["have the most retries", begun(withRetries({ limit: LIMITS.retries }))],
    ["time out at once", begun({ ...CONFIG, timeout: "0 seconds" })],
    ["sleep for the longest time", [{ type: "sleep_started", ...step, durationMs: LIMITS.waitMs, wakeAt: NOW + LIMITS.waitMs }]],
    ["sleep for less than no time", [{ type: "sleep_started", ...step, durationMs: -5, wakeAt: NOW }]],
    ["wait for the longest time", [{ type: "wait_started", ...step, eventType: "go", timeoutMs: LIMITS.waitMs }]],
    ["return the largest output", [...begun(), { type: "attempt_completed", ...step, attempt: 1 }, output(LIMITS.valueBytes)]],
  ])("%s", (_, events) => expect(new Instance().says(...events)).toBe(true));
});

function output(bytes: number): RuntimeEvent {
  return { type: "step_completed", ...step, output: `"${"x".repeat(bytes)}"` };
}

describe("the runtime may not", () => {
  const done: RuntimeEvent = { type: "attempt_completed", ...step, attempt: 1 };
  const sleep = { type: "sleep_started", ...step } as const;
  const wait = { type: "wait_started", ...step, eventType: "go" } as const;
  test.each<[string, RuntimeEvent[], RuntimeEvent]>([
    ["retry beyond the limit", begun(withRetries({ limit: 0 })), failed(1, 100)],
    ["retry at once beyond the limit", begun(withRetries({ limit: 0 })), failed(1, 0)],
    ["retry sooner than the step has it", begun(), failed(1, 99)],
    ["retry later", begun(), failed(1, 101)],
    ["retry after less than no time", begun(), failed(1, -1)],
    ["retry after no number", begun(), failed(1, Number.NaN)],
    ["retry never", begun(withRetries({ delay: "[dynamic]" })), failed(1, Infinity)],
    ["say that an attempt was cut off", begun(), { ...failed(1, 100), lost: "server" } as RuntimeEvent],
    ["leave an attempt out", [{ type: "step_started", ...step }], { type: "attempt_started", ...step, attempt: 2 }],
    ["end a step that has made no attempt", [{ type: "step_started", ...step }], { type: "step_completed", ...step }],
    ["begin with the count 0", [], { type: "step_started", name: "a", count: 0 }],
    ["give a step a name that is too long", [], { type: "step_started", name: "x".repeat(LIMITS.stepName + 1), count: 1 }],
    ["have too many retries", [], { type: "step_started", ...step, config: withRetries({ limit: LIMITS.retries + 1 }) }],
    ["have no number of retries", [], { type: "step_started", ...step, config: withRetries({ limit: Number.NaN }) }],
    ["have a delay that is none", [], { type: "step_started", ...step, config: withRetries({ delay: "soon" }) }],
    ["have a time-out that is none", [], { type: "step_started", ...step, config: { ...CONFIG, timeout: 0 } }],
    ["give a sleep a name that is too long", [], { ...sleep, name: "x".repeat(LIMITS.waitName + 1), durationMs: 1, wakeAt: NOW }],
    ["give a wait a name that is too long", [], { ...wait, name: "x".repeat(LIMITS.waitName + 1), timeoutMs: 1 }],
    ["sleep for too long", [], { ...sleep, durationMs: LIMITS.waitMs + 1, wakeAt: NOW }],
    ["sleep longer than it says", [], { ...sleep, durationMs: 1_000, wakeAt: NOW + 2 * 3_600_000 }],
    ["sleep until no moment", [], { ...sleep, durationMs: 1, wakeAt: Number.NaN }],
    ["wait for too long", [], { ...wait, timeoutMs: LIMITS.waitMs + 1 }],
    ["wait for less than no time", [], { ...wait, timeoutMs: -1 }],
    ["wait for what cannot be sent", [], { ...wait, eventType: "no type", timeoutMs: 1 }],
    ["return too much from a step", [...begun(), done], output(LIMITS.valueBytes + 1)],
    ["return too much in the end", [], { type: "workflow_completed", output: `"${"漢".repeat(LIMITS.valueBytes / 2 + 1)}"` }],
  ])("%s", (_, before, event) => {
    const instance = new Instance();
    expect(instance.says(...before)).toBe(true);
    const { lastEventId } = instance.state;
    expect(instance.says(event)).toBe(false);
    expect(instance.state.lastEventId).toBe(lastEventId);
  });

  test("retry a rollback beyond its limit", () => {
    const instance = new Instance();
    instance.says(...begun().map((event) => (event.type === "step_started" ? { ...event, rollback: true as const } : event)));
    instance.says({ type: "workflow_errored", error: ERROR });
    const config = withRetries({ limit: 0 });
    expect(instance.says({ type: "rollback_step_started", ...step, config: withRetries({ limit: -1 }) })).toBe(false);
    instance.says({ type: "rollback_step_started", ...step, config }, { type: "rollback_attempt_started", ...step, attempt: 1 });
    const retry = { type: "rollback_attempt_errored", ...step, attempt: 1, error: ERROR } as const;
    expect(instance.says({ ...retry, retryDelayMs: 100 })).toBe(false);
    expect(instance.says(retry)).toBe(true);
  });
});

const small = fc.integer({ min: 0, max: 4 });
const named = fc.record({ name: fc.constantFrom("a", "b"), count: fc.integer({ min: 0, max: 2 }) });
const someConfig = fc.record({
  retries: fc.record({
    limit: fc.constantFrom(0, 1, 2, -1, Number.NaN, LIMITS.retries + 1),
    delay: fc.constantFrom(0, 100, "1 second", "[dynamic]", "soon"),
    backoff: fc.constantFrom("constant" as const, "linear" as const, "exponential" as const),
  }),
  timeout: fc.constantFrom(1_000, "1 minute", "never"),
});
const delay = fc.constantFrom(0, 100, 200, 1_000, -1, Number.NaN, 1e300);
const claim: fc.Arbitrary<RuntimeEvent> = fc.oneof(
  fc
    .tuple(named, fc.option(someConfig, { nil: undefined }))
    .map(([ref, config]) => ({ type: "step_started" as const, ...ref, ...(config && { config }) })),
  {
    weight: 3,
    arbitrary: fc.tuple(named, small).map(([ref, attempt]) => ({ type: "attempt_started" as const, ...ref, attempt })),
  },
  fc.tuple(named, small).map(([ref, attempt]) => ({ type: "attempt_completed" as const, ...ref, attempt })),
  {
    weight: 3,
    arbitrary: fc.tuple(named, small, fc.option(delay, { nil: undefined })).map(([ref, attempt, ms]) => ({
      type: "attempt_errored" as const,
      ...ref,
      attempt,
      error: ERROR,
      ...(ms !== undefined && { retryDelayMs: ms }),
    })),
  },
  named.map((ref) => ({ type: "step_completed" as const, ...ref })),
  named.map((ref) => ({ type: "step_errored" as const, ...ref })),
  fc
    .tuple(named, delay, delay)
    .map(([ref, durationMs, ms]) => ({ type: "sleep_started" as const, ...ref, durationMs, wakeAt: NOW + ms })),
  fc.tuple(named, delay).map(([ref, timeoutMs]) => ({ type: "wait_started" as const, ...ref, eventType: "go", timeoutMs })),
);

test("whatever the runtime claims, what is accepted of it keeps the rules of its steps", () => {
  const command = fc.oneof(
    { weight: 8, arbitrary: claim.map((event): Command => ({ type: "record", event })) },
    fc.constantFrom<Command>({ type: "recover", loss: WITH_SERVER }, { type: "wake" }, { type: "idle" }),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const instance = new Instance();
      for (const each of commands) {
        const { event } = each.type === "record" ? each : { event: undefined };
        const before = event?.type === "attempt_errored" ? retryOf(instance.state, event) : undefined;
        const accepted = instance.tries(each);
        if (accepted && before !== undefined) expect(before).toBe("allowed");
        for (const one of instance.state.steps) expect(brokenRule(one)).toBeUndefined();
      }
    }),
    { numRuns: 2_000 },
  );
});

/** Whether the rules allow the retry that follows a failure. */
function retryOf(state: InstanceState, event: Extract<RuntimeEvent, { type: "attempt_errored" }>): "allowed" | "forbidden" {
  const found = state.byId.get(`do ${event.count} ${event.name}`);
  if (found?.kind !== "do" || event.attempt !== found.attempts) return "forbidden";
  const { retryDelayMs: ms } = event;
  if (ms === undefined) return "allowed";
  const failureCount = failures(found, event.attempt);
  if (!mayRetry(found.config, failureCount)) return "forbidden";
  const own =
    found.config.retries.delay === "[dynamic]" ? ms >= 0 && ms <= 1e15 : ms === retryDelayMs(found.config, failureCount);
  return ms === 0 || own ? "allowed" : "forbidden";
}

function brokenRule(one: InstanceState["steps"][number]): string | undefined {
  if (one.count < 1) return "count";
  if (one.kind !== "do") return one.dueAt >= 0 && one.dueAt <= NOW + LIMITS.waitMs + 3_600_000 ? undefined : "due";
  const { limit } = one.config.retries;
  if (!(limit >= 0 && limit <= LIMITS.retries)) return "limit";
  return ownFailures(one) <= limit + 1 ? undefined : "retries";
}

/** Attempts that have ended or are under way, without those that were cut off. */
function ownFailures(one: DoStep): number {
  return one.attempts - (one.lost?.attempts ?? 0);
}
