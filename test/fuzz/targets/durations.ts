/** Durations: read as a scanner that knows nothing of regular expressions reads them, and total. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { DURATION_LENGTH, durationMs, InvalidDuration, isDuration } from "../../../src/model/time/duration.ts";
import { fuzzed, type Target } from "../target.ts";
import { mutated, pumped, splinters } from "./mutations.ts";

const UNITS: readonly (readonly [name: string, ms: number])[] = [
  ["m", 1],
  ["ms", 1],
  ["millisecond", 1],
  ["second", 1_000],
  ["minute", 60_000],
  ["hour", 3_600_000],
  ["day", 86_400_000],
  ["week", 604_800_000],
  ["month", 2_592_000_000],
  ["year", 31_557_600_000],
];

const number = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true }).map(String),
  fc
    .tuple(
      fc.constantFrom("", "+", "-"),
      fc.constantFrom("1.", ".5", "1.5", "007", "1e3", "1E-2", "0x10", "1_0", "٣", "9".repeat(400)),
    )
    .map((parts) => parts.join("")),
);
const unit = fc
  .tuple(
    fc.constantFrom(...UNITS.map(([name]) => name), "h", "Minute", "s", "constructor", "fortnight"),
    fc.constantFrom("", "s", "S", "ss"),
  )
  .map((parts) => parts.join(""));
const space = fc.constantFrom("", " ", "  ", "\t", "\u00a0", "\n", "\u3000");
const written = fc.tuple(number, space, unit).map((parts) => parts.join(""));
const more = fc.tuple(written, written).map((parts) => parts.join(" "));

const texts = fc.oneof(
  { weight: 6, arbitrary: written },
  { weight: 1, arbitrary: more },
  { weight: 3, arbitrary: mutated(written) },
  { weight: 1, arbitrary: splinters },
  { weight: 1, arbitrary: pumped(["1", "0", ".", "e", "+", " ", "s", "a", "second", "-"]) },
);

/** Milliseconds; undefined for what is no duration. */
function scanned(text: string): number | undefined {
  if (text.length > DURATION_LENGTH) return undefined;
  if (text.trim() !== "" && !Number.isNaN(Number(text))) return finite(Number(text));
  let at = 0;
  const skip = (fits: (character: string) => boolean): number => {
    const from = at;
    while (at < text.length && fits(text[at] ?? "")) at += 1;
    return at - from;
  };
  const isDigit = (character: string): boolean => character >= "0" && character <= "9";
  if ("+-".includes(text[0] ?? " ")) at = 1;
  const before = skip(isDigit);
  const dots = text[at] === "." ? 1 : 0;
  at += dots;
  const after = skip(isDigit);
  if (before + after === 0) return undefined;
  const mark = at;
  if ("eE".includes(text[at] ?? " ")) {
    at += 1;
    if ("+-".includes(text[at] ?? " ")) at += 1;
    if (skip(isDigit) === 0) at = mark;
  }
  const value = Number(text.slice(0, at));
  skip((character) => character.trim() === "");
  const name = text.slice(at);
  const known = UNITS.find(([each]) => name === each || name === `${each}s` || name === `${each}S`);
  return known && finite(value * known[1]);
}

function finite(ms: number): number | undefined {
  return Number.isFinite(ms) ? ms : undefined;
}

function isRead(read: (input: string | number) => number, input: string | number): void {
  const expected = typeof input === "number" ? finite(input) : scanned(input);
  let ms: number | undefined;
  try {
    ms = read(input);
  } catch (cause) {
    assert.ok(cause instanceof InvalidDuration, `it threw ${String(cause)}`);
    assert.ok(cause.message.length < 1_000, "the message is as long as the input");
  }
  assert.equal(ms, expected);
  assert.equal(isDuration(input), ms !== undefined);
  if (ms !== undefined) assert.equal(read(String(ms)), ms === 0 ? 0 : ms, "its milliseconds are another duration");
}

/** The target for what reads durations. */
export function durationsTarget(read: (input: string | number) => number): Target {
  const open: Target["open"] = (figures) =>
    fuzzed<string | number>(
      fc.oneof({ weight: 20, arbitrary: texts }, { weight: 1, arbitrary: fc.double() }),
      (input) => {
        figures(isDuration(input) ? "durations" : "no durations");
        isRead(read, input);
      },
      // Each way to part a row of digits in two was tried: this took half a minute.
      { found: [`${"1".repeat(100_000)}!`, `${"1".repeat(DURATION_LENGTH - 1)}!`] },
    );
  return { name: "durations", weight: 0.5, ciRuns: 5_000, open };
}

export const durations: Target = durationsTarget(durationMs);
