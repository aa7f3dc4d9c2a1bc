/** What user code that has taken over its isolate could send: frames of every kind, true to the protocol for a while and then not. */
import fc from "fast-check";
import type { RuntimeEvent } from "../../../src/model/instance/events.ts";
import { LIMITS } from "../../../src/model/limits.ts";
import type { ChunkFrame, FromRuntime } from "../../../src/protocol/frames.ts";

type Unaddressed<F> = F extends unknown ? Omit<F, "run"> : never;

/** A frame without the number of its run. */
export type Said = Unaddressed<FromRuntime>;

const name = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom("a", "b") },
  {
    weight: 1,
    arbitrary: fc.constantFrom("", "__proto__", "a\u0000", "x".repeat(LIMITS.stepName + 1), "x".repeat(LIMITS.waitName + 1)),
  },
);
const count = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(1, 2) },
  { weight: 1, arbitrary: fc.constantFrom(0, 3, 2 ** 53 - 1) },
);
const step = fc.record({ name, count });
const attempt = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(1, 2) }, { weight: 1, arbitrary: fc.constantFrom(0, 3, 1e9) });
const error = fc.record({
  name: fc.constantFrom("Error", "NonRetryableError", ""),
  message: fc.constantFrom("", "boom", "a: b"),
});
const delay = fc.constantFrom(0, 100, 200, 1_000, 1e15, undefined, undefined);
const config = fc.record({
  retries: fc.record({
    limit: fc.constantFrom(0, 1, 2, 1.5, LIMITS.retries + 1),
    delay: fc.constantFrom(0, 100, "1 second", "[dynamic]", "soon", "constructor"),
    backoff: fc.constantFrom("constant" as const, "linear" as const, "exponential" as const),
  }),
  timeout: fc.constantFrom(1_000, "1 minute", "never", -1),
});

/** Texts of values, and such as no value was made into. */
const output = fc.oneof(
  fc.constantFrom("null", "1", '"two"', '{"a":[1]}', '=[["Map",1,2],"a",[1]]', '=+[[1,2],[],["Set",3],[1,4,5],"k",1]'),
  fc.constantFrom("", "{", "=[[", "=+[]", "=[0]", "~sealed", '=["BigInt","x"]', "[".repeat(5_000), "=[1,[2],[3]]"),
  fc.record({ stream: fc.record({ chunks: fc.nat(2), bytes: fc.nat(20) }), preview: fc.constant("…") }),
  fc.constant(undefined),
);

const span = fc.constantFrom(-5, 0, 1, 60_000, LIMITS.waitMs, 1e15);

function withSome<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, each]) => each !== undefined)) as T;
}

function events(now: () => number): fc.Arbitrary<RuntimeEvent[]> {
  const one = (made: fc.Arbitrary<unknown>): fc.Arbitrary<RuntimeEvent[]> => made.map((each) => [withSome(each as RuntimeEvent)]);
  const of = (type: RuntimeEvent["type"], more: Record<string, fc.Arbitrary<unknown>> = {}): fc.Arbitrary<RuntimeEvent[]> =>
    one(fc.tuple(step, fc.record(more)).map(([ref, fields]) => ({ type, ...ref, ...fields })));
  const rollback = fc.constantFrom(true as const, undefined, undefined);
  const started = { config: fc.option(config, { nil: undefined, freq: 2 }), rollback };
  const failed = { attempt, error, retryDelayMs: delay, frame: fc.constantFrom("f", undefined) };
  return fc.oneof(
    of("step_started", started),
    of("attempt_started", { attempt }),
    of("attempt_completed", { attempt }),
    of("attempt_errored", failed),
    of("step_completed", { output }),
    of("step_errored"),
    one(
      fc
        .tuple(step, span, span)
        .map(([ref, durationMs, ms]) => ({ type: "sleep_started", ...ref, durationMs, wakeAt: Math.max(0, now() + ms) })),
    ),
    of("wait_started", { eventType: fc.constantFrom("go", "no type"), timeoutMs: span.filter((ms) => ms >= 0) }),
    of("rollback_step_started", { config: fc.option(config, { nil: undefined }) }),
    of("rollback_attempt_started", { attempt }),
    of("rollback_attempt_completed", { attempt }),
    of("rollback_attempt_errored", { attempt, error, retryDelayMs: delay }),
    of("rollback_step_completed"),
    of("rollback_step_errored", { error }),
    one(output.filter((each) => typeof each !== "object").map((each) => ({ type: "workflow_completed", output: each }))),
    one(
      fc.record({
        type: fc.constant("workflow_errored"),
        error,
        trigger: fc.option(error, { nil: undefined }),
        rollback: fc.constantFrom("ready", "never", undefined),
      }),
    ),
    // A step from its beginning to its end, as a run that is true would say it.
    fc
      .tuple(step, output, rollback)
      .map(([ref, said, undo]) => [
        withSome({ type: "step_started" as const, ...ref, rollback: undo }) as RuntimeEvent,
        { type: "attempt_started" as const, ...ref, attempt: 1 },
        { type: "attempt_completed" as const, ...ref, attempt: 1 },
        withSome({ type: "step_completed" as const, ...ref, output: said }) as RuntimeEvent,
      ]),
    // An attempt that is open, for chunks and failures to come.
    fc
      .tuple(step, rollback)
      .map(([ref, undo]) => [
        withSome({ type: "step_started" as const, ...ref, rollback: undo }) as RuntimeEvent,
        { type: "attempt_started" as const, ...ref, attempt: 1 },
      ]),
    // The undoing of a step.
    step.map((ref): RuntimeEvent[] => [
      { type: "rollback_step_started", ...ref },
      { type: "rollback_attempt_started", ...ref, attempt: 1 },
      { type: "rollback_attempt_completed", ...ref, attempt: 1 },
      { type: "rollback_step_completed", ...ref },
    ]),
  );
}

/** `now`: epoch milliseconds that sleeps are about. */
export function said(now: () => number): fc.Arbitrary<Said> {
  const n = fc.oneof(fc.nat(5), fc.constant(2 ** 53 - 1));
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.constantFrom(0, LIMITS.streamChunkBytes, LIMITS.streamChunkBytes + 1).map((length) => new Uint8Array(length)),
  );
  return fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        type: fc.constant("events" as const),
        n,
        events: fc.array(events(now), { maxLength: 4 }).map((all) => all.flat()),
      }),
    },
    { weight: 2, arbitrary: fc.record({ type: fc.constant("idle" as const), heard: fc.nat(3) }) },
    fc.constant({ type: "parked" as const }),
    fc.record({ type: fc.constant("need" as const), from: n }),
    fc.record({ type: fc.constant("lost" as const), detail: fc.constantFrom("", "gone", "x".repeat(100_000)) }),
    fc.record({ type: fc.constant("read" as const), name, count, index: fc.nat(2) }),
    fc
      .tuple(step, fc.nat(2), bytes)
      .map(([ref, index, each]) => ({ type: "chunk" as const, ...ref, index, bytes: new Uint8Array(each) })),
  ) as fc.Arbitrary<Said>;
}

export function isChunk(frame: FromRuntime): frame is ChunkFrame {
  return frame.type === "chunk";
}
