/** Cron expressions: their boundaries are those that a look at every day and every minute finds, in either direction. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { boundaryAfter, boundaryUpTo, cronProblem } from "../../../src/model/time/cron.ts";
import { cronWords } from "../../../src/model/time/cron-words.ts";
import { fuzzed, type Target } from "../target.ts";
import { mutated, pumped, splinters } from "./mutations.ts";

/** A field: its text, and what it says of a value. */
interface Field<T> {
  readonly text: string;
  readonly fits: (value: T) => boolean;
}

interface Day {
  readonly year: number;
  readonly month: number;
  readonly date: number;
  /** 1 is Sunday. */
  readonly weekday: number;
}

interface Expression {
  readonly text: string;
  readonly isDay: (day: Day) => boolean;
  readonly minutes: readonly number[];
}

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

function value(min: number, max: number, names: readonly string[]): fc.Arbitrary<{ readonly is: number; readonly text: string }> {
  return fc.tuple(fc.integer({ min, max }), fc.nat(3)).map(([is, form]) => {
    const name = names[is - min] ?? `${is}`;
    return { is, text: [`${is}`, name, name.toLowerCase(), `0${is}`][form] ?? "" };
  });
}

/** Values one after the other, and past the highest on from the lowest. */
function walk(from: number, to: number, step: number, min: number, max: number): Set<number> {
  const found = new Set<number>();
  for (let at = from, left = 0; ; at = at === max ? min : at + 1, left = (left + 1) % step) {
    if (left === 0) found.add(at);
    if (at === to) return found;
  }
}

function list(min: number, max: number, names: readonly string[] = []): fc.Arbitrary<Field<number>> {
  const one = value(min, max, names);
  const step = fc.integer({ min: 1, max: max - min });
  const item = fc.oneof(
    one.map(({ is, text }) => ({ text, set: new Set([is]) })),
    fc.tuple(one, one).map(([a, b]) => ({ text: `${a.text}-${b.text}`, set: walk(a.is, b.is, 1, min, max) })),
    fc.tuple(one, one, step).map(([a, b, n]) => ({ text: `${a.text}-${b.text}/${n}`, set: walk(a.is, b.is, n, min, max) })),
    fc.tuple(one, step).map(([a, n]) => ({ text: `${a.text}/${n}`, set: walk(a.is, max, n, min, max) })),
    step.map((n) => ({ text: `*/${n}`, set: walk(min, max, n, min, max) })),
  );
  return fc.oneof(
    fc.constant({ text: "*", fits: () => true }),
    fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => ({
      text: items.map(({ text }) => text).join(","),
      fits: (each: number) => items.some(({ set }) => set.has(each)),
    })),
  );
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function weekdayOf(year: number, month: number, date: number): number {
  return new Date(Date.UTC(year, month - 1, date)).getUTCDay() + 1;
}

/** The day from Monday to Friday that is nearest, among all of the month. */
function nearest(year: number, month: number, wanted: number): number | undefined {
  const most = daysIn(year, month);
  if (wanted < 1 || wanted > most) return undefined;
  const workdays = Array.from({ length: most }, (_, i) => i + 1).filter((date) => ![1, 7].includes(weekdayOf(year, month, date)));
  return workdays.sort((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted))[0];
}

const dates: fc.Arbitrary<Field<Day>> = fc.oneof(
  { weight: 2, arbitrary: list(1, 31).map(({ text, fits }) => ({ text, fits: ({ date }: Day) => fits(date) })) },
  fc.constant({ text: "L", fits: ({ year, month, date }: Day) => date === daysIn(year, month) }),
  fc.integer({ min: 1, max: 30 }).map((n) => ({
    text: `L-${n}`,
    fits: ({ year, month, date }: Day) => date === daysIn(year, month) - n,
  })),
  fc.integer({ min: 0, max: 30 }).map((n) => ({
    text: n === 0 ? "LW" : `L-${n}W`,
    fits: ({ year, month, date }: Day) => date === nearest(year, month, daysIn(year, month) - n),
  })),
  fc.integer({ min: 1, max: 31 }).map((n) => ({
    text: `${n}W`,
    fits: ({ year, month, date }: Day) => date === nearest(year, month, n),
  })),
);

const weekdays: fc.Arbitrary<Field<Day>> = fc.oneof(
  { weight: 2, arbitrary: list(1, 7, WEEKDAYS).map(({ text, fits }) => ({ text, fits: ({ weekday }: Day) => fits(weekday) })) },
  fc.constant({ text: "L", fits: ({ weekday }: Day) => weekday === 7 }),
  value(1, 7, WEEKDAYS)
    .filter(({ text }) => !text.startsWith("0"))
    .map(({ is, text }) => ({
      text: `${text}L`,
      fits: ({ year, month, date, weekday }: Day) => weekday === is && date + 7 > daysIn(year, month),
    })),
  fc.tuple(value(1, 7, WEEKDAYS), fc.integer({ min: 1, max: 5 })).map(([{ is, text }, n]) => ({
    text: `${text}#${n}`,
    fits: ({ date, weekday }: Day) => weekday === is && date > 7 * (n - 1) && date <= 7 * n,
  })),
);

const expressions: fc.Arbitrary<Expression> = fc
  .tuple(list(0, 59), list(0, 23), dates, list(1, 12, MONTHS), weekdays)
  .map(([minute, hour, date, month, weekday]) => ({
    text: [minute, hour, date, month, weekday].map(({ text }) => text).join(" "),
    isDay: (day) => {
      if (!month.fits(day.month)) return false;
      if (date.text === "*" || weekday.text === "*") return date.fits(day) && weekday.fits(day);
      return date.fits(day) || weekday.fits(day);
    },
    minutes: Array.from({ length: 24 * 60 }, (_, i) => i).filter((i) => hour.fits(Math.floor(i / 60)) && minute.fits(i % 60)),
  }));

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Between two 29ths of February on one day of the week there can be 40 years. */
const DAYS = 41 * 366;

function found({ isDay, minutes }: Expression, ms: number, direction: 1 | -1): number | undefined {
  const today = Math.floor(ms / DAY_MS) * DAY_MS;
  for (let i = 0; i < DAYS; i += 1) {
    const midnight = today + direction * i * DAY_MS;
    const at = new Date(midnight);
    const [year, month, date] = [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate()] as const;
    if (!isDay({ year, month, date, weekday: at.getUTCDay() + 1 })) continue;
    const times = minutes.map((minute) => midnight + minute * MINUTE_MS);
    const time = direction === 1 ? times.find((each) => each > ms) : times.findLast((each) => each <= ms);
    if (time !== undefined) return time;
  }
  return undefined;
}

const moments = fc.integer({ min: Date.UTC(1972, 0, 1), max: Date.UTC(2290, 0, 1) });

/** What finds the next boundary after a moment. */
type After = (text: string, ms: number) => number | undefined;

function agrees(after: After, expression: Expression, ms: number): void {
  const { text } = expression;
  const next = found(expression, ms, 1);
  const problem = text.length > 256 ? "longer than 256" : next === undefined ? "No year has such a day" : undefined;
  assert.ok(
    problem === undefined ? cronProblem(text) === undefined : cronProblem(text)?.includes(problem),
    `${text}: ${cronProblem(text)}`,
  );
  assert.equal(after(text, ms), next, `${text} after ${ms}`);
  assert.equal(boundaryUpTo(text, ms), found(expression, ms, -1), `${text} up to ${ms}`);
}

/** What holds for any text. */
function isTotal(text: string, ms: number): void {
  const problem = cronProblem(text);
  if (problem !== undefined) assert.ok(problem.length < 512, "the reason is longer than an expression may be");
  if (problem !== undefined) return;
  const next = boundaryAfter(text, ms) ?? Number.NaN;
  assert.ok(next > ms && next % MINUTE_MS === 0, `${text}: ${next} after ${ms}`);
  assert.equal(boundaryUpTo(text, next), next, `${text}: a boundary is the last one up to itself`);
  assert.ok((boundaryAfter(text, next) ?? Number.NaN) > next, `${text}: the boundaries end`);
  assert.equal(boundaryAfter(text, next - 1), next, `${text}: nothing comes before the next one`);
  assert.ok(["string", "undefined"].includes(typeof cronWords(text)));
}

type Input = { readonly expression: Expression; readonly ms: number } | { readonly text: string; readonly ms: number };

const PIECES = ["*", ",", "-", "/", "1", "L", "W", "#", "MON", " ", "0", "59"];

/** The target for what finds boundaries. */
export function cronTarget(after: After): Target {
  const open: Target["open"] = (figures) =>
    fuzzed<Input>(
      fc.oneof(
        { weight: 4, arbitrary: fc.record({ expression: expressions, ms: moments }) },
        { weight: 4, arbitrary: fc.record({ text: mutated(expressions.map(({ text }) => text)), ms: moments }) },
        { weight: 1, arbitrary: fc.record({ text: splinters, ms: moments }) },
        { weight: 1, arbitrary: fc.record({ text: pumped(PIECES, 256), ms: moments }) },
      ),
      (input) => {
        const { text } = "expression" in input ? input.expression : input;
        figures(cronProblem(text) === undefined ? "expressions" : "no expressions");
        if ("expression" in input) agrees(after, input.expression, input.ms);
        isTotal(text, input.ms);
      },
    );
  return { name: "cron", weight: 0.5, ciRuns: 1_000, open };
}

export const cron: Target = cronTarget(boundaryAfter);
