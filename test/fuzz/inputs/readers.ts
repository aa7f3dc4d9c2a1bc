/** Readers of events: how each asks, where its connections are cut, and how fast it takes what comes. */
import fc from "fast-check";
import { PUBLIC_EVENT_TYPES } from "../../../src/model/instance/event-kinds.ts";

export interface Reader {
  readonly over: "stream" | "socket";
  /** How it says where it has been, when it connects again. */
  readonly resumes: "header" | "query";
  readonly filter: readonly string[];
  /** Bytes, or frames, after which each of its connections is cut; the next one reads to the end. */
  readonly cuts: readonly number[];
  readonly isSlow: boolean;
}

/** One instance and those who read of it, and a request that asks for what may not be. */
export interface EventInput {
  readonly steps: number;
  readonly readers: readonly Reader[];
  readonly odd: { readonly query: string; readonly lastEventId: string | undefined; readonly of: string };
}

const reader: fc.Arbitrary<Reader> = fc.record({
  over: fc.constantFrom("stream", "stream", "socket"),
  resumes: fc.constantFrom("header", "query"),
  filter: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    fc.uniqueArray(fc.constantFrom(...PUBLIC_EVENT_TYPES), { minLength: 1, maxLength: 3 }),
  ),
  cuts: fc.array(fc.nat({ max: 600 }), { maxLength: 4 }),
  isSlow: fc.boolean(),
});

const NUMBERS = ["", "0", "1", "7", "-1", "1.5", "1e3", "9007199254740993", "NaN", "x", "00", " 1", "%00", "\u0661", "0x1"];

export const eventInput: fc.Arbitrary<EventInput> = fc.record({
  steps: fc.nat({ max: 8 }),
  readers: fc.oneof(
    { weight: 6, arbitrary: fc.array(reader, { minLength: 1, maxLength: 4 }) },
    fc.array(reader, { minLength: 12, maxLength: 24 }),
  ),
  odd: fc
    .record({
      query: fc.oneof(
        fc.constantFrom(...NUMBERS).map((text) => `cursor=${text}`),
        fc.constantFrom("filter=x", "filter=", "filter=step_completed&filter=x", "cursor=1&cursor=2", "__proto__=1", "x", ""),
        fc.string({ maxLength: 10 }),
      ),
      lastEventId: fc.option(fc.constantFrom(...NUMBERS.map((text) => text.replaceAll(/[^\x20-\x7e]/g, "?")))),
      of: fc.constantFrom("instance", "workflow", "none", "%00", "latest"),
    })
    .map((odd) => ({ ...odd, lastEventId: odd.lastEventId ?? undefined })),
});
