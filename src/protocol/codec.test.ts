import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RuntimeEvent } from "../model/instance/events.ts";
import {
  checkChunk,
  chunkFromBytes,
  chunkToBytes,
  decodeFromRuntime,
  decodeToRuntime,
  encodeBatch,
  encodeFrames,
  MalformedFrames,
} from "./codec.ts";
import { LIMITS } from "../model/limits.ts";
import type { ChunkFrame, FromRuntime, ToRuntime } from "./frames.ts";

const count = fc.nat();
const name = fc.string();
const ref = { name, count };
const optionalText = fc.option(fc.string(), { nil: undefined });
const error = fc.record({ name, message: fc.string() });
const duration = fc.oneof(fc.nat(), fc.constantFrom("1 hour", "[dynamic]"));
const config = fc.record({
  retries: fc.record({ limit: fc.nat(), delay: duration, backoff: fc.constantFrom("constant", "linear", "exponential") }),
  timeout: duration,
});

const event: fc.Arbitrary<RuntimeEvent> = fc
  .oneof(
    fc.record({ type: fc.constant("step_started"), ...ref, config }),
    fc.record({ type: fc.constant("step_started"), ...ref, rollback: fc.constant(true) }),
    fc.record({ type: fc.constant("rollback_step_started"), ...ref, config }),
    fc.record({ type: fc.constantFrom("rollback_attempt_started", "rollback_attempt_completed"), ...ref, attempt: count }),
    fc.record({ type: fc.constant("rollback_attempt_errored"), ...ref, attempt: count, error, retryDelayMs: fc.nat() }),
    fc.record({ type: fc.constant("rollback_step_completed"), ...ref }),
    fc.record({ type: fc.constant("rollback_step_errored"), ...ref, error }),
    fc.record({ type: fc.constantFrom("attempt_started", "attempt_completed"), ...ref, attempt: count }),
    fc.record({
      type: fc.constant("attempt_errored"),
      ...ref,
      attempt: count,
      error,
      retryDelayMs: fc.option(fc.nat(), { nil: undefined }),
      frame: fc.option(fc.string({ maxLength: LIMITS.errorFrame }), { nil: undefined }),
    }),
    fc.record({ type: fc.constant("step_completed"), ...ref, output: optionalText }),
    fc.record({ type: fc.constant("step_errored"), ...ref }),
    fc.record({ type: fc.constant("sleep_started"), ...ref, durationMs: fc.integer(), wakeAt: fc.nat() }),
    fc.record({ type: fc.constant("wait_started"), ...ref, eventType: name, timeoutMs: fc.nat() }),
    fc.record({ type: fc.constant("workflow_completed"), output: optionalText }),
    fc.record({ type: fc.constant("workflow_errored"), error }),
    fc.record({ type: fc.constant("workflow_errored"), error, frame: fc.string({ maxLength: LIMITS.errorFrame }) }),
    fc.record({ type: fc.constant("workflow_errored"), error, rollback: fc.constantFrom("ready", "never") }),
    fc.record({ type: fc.constant("workflow_errored"), error, trigger: error, rollback: fc.constant("ready") }),
  )
  .map((made) => made as RuntimeEvent);

const frame: fc.Arbitrary<Exclude<FromRuntime, ChunkFrame>> = fc
  .oneof(
    fc.record({ type: fc.constant("events"), run: count, n: count, events: fc.array(event, { maxLength: 5 }) }),
    fc.record({ type: fc.constant("idle"), run: count, signals: count }),
    fc.record({ type: fc.constant("need"), run: count, from: count }),
    fc.record({ type: fc.constant("lost"), run: count, detail: name }),
    fc.record({ type: fc.constant("read"), run: count, ...ref, index: count }),
  )
  .map((made) => made as Exclude<FromRuntime, ChunkFrame>);

/** Every way to a value inside a value. */
function paths(value: unknown, above: readonly string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [[...above]];
  return Object.entries(value).flatMap(([key, inner]) => paths(inner, [...above, key]));
}

/** A copy with one place replaced. */
function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  const copy: Record<string, unknown> = { ...(value as Record<string, unknown>) };
  copy[key] = replaced(copy[key], rest, by);
  return Array.isArray(value) ? Object.values(copy) : copy;
}

const CONFIG = { retries: { limit: 1, delay: 1, backoff: "constant" }, timeout: 1 };

describe("frames from the runtime", () => {
  test("come out as they went in", () => {
    fc.assert(
      fc.property(fc.array(frame), (frames) => {
        expect(decodeFromRuntime(encodeFrames(frames))).toEqual(frames);
      }),
    );
  });

  test("are packed where a step succeeded at once, whatever its start says", () => {
    const options = fc.record({ config, rollback: fc.constant(true as const) }, { requiredKeys: [] });
    fc.assert(
      fc.property(name, options, optionalText, (step, about, output) => {
        const of = { name: step, count: 1 };
        const events = [
          { type: "step_started", ...of, ...about },
          { type: "attempt_started", ...of, attempt: 1 },
          { type: "attempt_completed", ...of, attempt: 1 },
          { type: "step_completed", ...of, ...(output !== undefined && { output }) },
        ] as RuntimeEvent[];
        const text = encodeFrames([{ type: "events", run: 1, n: 1, events }]);
        expect(text).not.toContain("step_started");
        expect(decodeFromRuntime(text)).toEqual([{ type: "events", run: 1, n: 1, events }]);
      }),
    );
  });

  test.each([
    ["a fifth part that is not true", ["a", 1, null, null, false]],
    ["a configuration that is none", ["a", 1, null, 5, true]],
    ["a null where nothing follows", ["a", 1, null, null]],
    ["a sixth part", ["a", 1, null, null, true, 1]],
  ])("are refused: a packed step with %s", (_, entry) => {
    const text = JSON.stringify([{ type: "events", run: 1, n: 1, events: [entry] }]);
    expect(() => decodeFromRuntime(text)).toThrow(MalformedFrames);
  });

  test("are refused when any one field has another type", () => {
    const places = fc.tuple(frame, fc.nat()).map(([made, pick]) => {
      const all = paths(JSON.parse(JSON.stringify(made)));
      return { made, path: all[pick % all.length] ?? [] };
    });
    fc.assert(
      fc.property(places, fc.constantFrom(true, null, { some: "object" }), ({ made, path }, by) => {
        // The one thing that is true or absent.
        fc.pre(!(by === true && path.at(-1) === "rollback"));
        expect(() => decodeFromRuntime(JSON.stringify([replaced(made, path, by)]))).toThrow(MalformedFrames);
      }),
    );
  });

  test.each([
    ["no JSON", "[{"],
    ["no array", '{"type":"idle","run":1}'],
    ["no frame", "[null]"],
    ["a frame of the other direction", '[{"type":"stop","run":1}]'],
    ["an event that only the engine makes", '[{"type":"events","run":1,"n":1,"events":[{"type":"workflow_running"}]}]'],
    [
      "a function with a name that is too long",
      `[{"type":"events","run":1,"n":1,"events":[{"type":"workflow_errored","error":{"name":"E","message":""},"frame":"${"x".repeat(LIMITS.errorFrame + 1)}"}]}]`,
    ],
    [
      "a field of another kind of event",
      '[{"type":"events","run":1,"n":1,"events":[{"type":"step_errored","name":"a","count":1,"wakeAt":1}]}]',
    ],
    [
      "a loss that the runtime claims",
      '[{"type":"events","run":1,"n":1,"events":[{"type":"attempt_errored","name":"a","count":1,"attempt":1,"error":{"name":"E","message":""},"lost":"alone"}]}]',
    ],
    ["a type in a list", '[{"type":"events","run":1,"n":1,"events":[{"type":["step_errored"],"name":"a","count":1}]}]'],
    ["a negative run", '[{"type":"idle","run":-1}]'],
    [
      "a number that is none",
      '[{"type":"events","run":1,"n":1,"events":[{"type":"wait_started","name":"a","count":1,"eventType":"b","timeoutMs":null}]}]',
    ],
  ])("are refused: %s", (_, text) => {
    expect(() => decodeFromRuntime(text)).toThrow(MalformedFrames);
  });

  test.each([
    ["an error that brings more", { type: "workflow_errored", error: { name: "E", message: "", stack: "at home" } }],
    [
      "an error whose message is too long",
      { type: "workflow_errored", error: { name: "E", message: "x".repeat(LIMITS.errorText + 1) } },
    ],
    [
      "an error whose name is too long",
      { type: "workflow_errored", error: { name: "x".repeat(LIMITS.errorName + 1), message: "" } },
    ],
    ["a configuration that brings more", { type: "step_started", name: "a", count: 1, config: { ...CONFIG, more: 1 } }],
    [
      "retries that bring more",
      { type: "step_started", name: "a", count: 1, config: { ...CONFIG, retries: { ...CONFIG.retries, more: 1 } } },
    ],
    [
      "a duration as long as a book",
      { type: "step_started", name: "a", count: 1, config: { ...CONFIG, timeout: "1".repeat(9_999) } },
    ],
    [
      "a stream that brings more",
      { type: "step_completed", name: "a", count: 1, output: { stream: { chunks: 0, bytes: 0, more: 1 }, preview: "" } },
    ],
  ])("are refused: %s", (_, event) => {
    const text = JSON.stringify([{ type: "events", run: 1, n: 1, events: [event] }]);
    expect(() => decodeFromRuntime(text)).toThrow(MalformedFrames);
  });

  test("are not quoted in the refusal", () => {
    expect(() => decodeFromRuntime('[{"type":"password","run":1}]')).toThrow("Frame 1 of 1 has a shape that no frame has");
  });
});

test("frames to the runtime come out as they went in", () => {
  const frames: Exclude<ToRuntime, ChunkFrame>[] = [
    { type: "acks", acks: [1, 2, 3, 4] },
    { type: "outcome", run: 1, outcome: { key: { kind: "sleep", name: "a\u2028b", count: 1 }, state: "slept" } },
    { type: "stop", run: 9 },
  ];
  expect(decodeToRuntime(encodeFrames(frames))).toEqual(frames);
});

test("a batch that would be very long is cut between frames", () => {
  const event: RuntimeEvent = { type: "step_completed", name: "a", count: 1, output: `"${"x".repeat(3 * 1024 * 1024)}"` };
  const frames: FromRuntime[] = [1, 2, 3, 4].map((run) => ({ type: "events", run, n: 1, events: [event] }));
  const parcels = encodeBatch(frames).filter((parcel) => typeof parcel === "string");
  expect(parcels.length).toBe(2);
  expect(parcels.flatMap((text) => decodeFromRuntime(text))).toEqual(frames);
});

describe("chunks", () => {
  const chunk: ChunkFrame = { type: "chunk", run: 1, name: "a", count: 1, index: 0, bytes: new Uint8Array(3) };

  test("cross apart from text, in their place", () => {
    const idle = { type: "idle", run: 1, signals: 0 } as const;
    expect(encodeBatch([idle, idle, chunk, chunk, idle])).toEqual([
      encodeFrames([idle, idle]),
      chunk,
      chunk,
      encodeFrames([idle]),
    ]);
    expect(encodeBatch([idle])).toEqual([encodeFrames([idle])]);
  });

  test("come out of bytes as they went in, wherever those lie", () => {
    const named: ChunkFrame = { ...chunk, name: "näme", bytes: Uint8Array.of(0, 255, 91) };
    const lying = new Uint8Array([9, 9, 9, ...chunkToBytes(named), 9]).subarray(3, -1);
    expect(chunkFromBytes(lying)).toEqual(named);
  });

  test.each([
    ["too few bytes for a head", [0, 0]],
    ["a head that is longer than all", [0, 0, 0, 9, 123, 125]],
    ["a head that is no JSON", [0, 0, 0, 1, 123]],
    ["a head that is no chunk's", [0, 0, 0, 2, 123, 125]],
  ])("are refused: %s", (_, bytes) => {
    expect(() => chunkFromBytes(Uint8Array.from(bytes))).toThrow(MalformedFrames);
  });

  test.each([
    ["no frame", null],
    ["another kind", { ...chunk, type: "read" }],
    ["no name", { ...chunk, name: 1 }],
    ["a negative index", { ...chunk, index: -1 }],
    ["text for bytes", { ...chunk, bytes: "abc" }],
    ["a part of a larger buffer", { ...chunk, bytes: new Uint8Array(9).subarray(3) }],
    ["memory that others write to", { ...chunk, bytes: new Uint8Array(new SharedArrayBuffer(3)) }],
  ])("are refused: %s", (_, frame) => {
    expect(checkChunk(chunk)).toBe(chunk);
    expect(() => checkChunk(frame)).toThrow(MalformedFrames);
  });
});
