/** Cron expressions: Cloudflare's dialect by example, and its arithmetic against another implementation. */
import { Cron } from "croner";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { boundaryAfter, boundaryUpTo, cronProblem } from "./cron.ts";
import { calendarDay } from "./calendar.ts";

const at = (text: string): number => Date.parse(`${text}Z`);
const shown = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 16);

/** The first `count` boundaries after a moment. */
function next(text: string, from: string, count: number): (string | undefined)[] {
  const found: (string | undefined)[] = [];
  let ms: number | undefined = at(from);
  for (let i = 0; i < count && ms !== undefined; i += 1) found.push(shown((ms = boundaryAfter(text, ms))));
  return found;
}

describe("boundaries", () => {
  // 2026-01-01 is a Thursday.
  test.each([
    ["* * * * *", "2026-01-01T00:00", ["2026-01-01T00:01", "2026-01-01T00:02"]],
    ["*/30 * * * *", "2026-01-01T23:30", ["2026-01-02T00:00", "2026-01-02T00:30"]],
    ["45 * * * *", "2026-01-01T00:45", ["2026-01-01T01:45"]],
    ["5/20 3 * * *", "2026-01-01T00:00", ["2026-01-01T03:05", "2026-01-01T03:25", "2026-01-01T03:45", "2026-01-02T03:05"]],
    ["0 22-4/3 * * *", "2026-01-01T00:00", ["2026-01-01T01:00", "2026-01-01T04:00", "2026-01-01T22:00", "2026-01-02T01:00"]],
    ["0 17 * * 1", "2026-01-01T00:00", ["2026-01-04T17:00", "2026-01-11T17:00"]],
    ["0 17 * * sun", "2026-01-01T00:00", ["2026-01-04T17:00"]],
    ["0 0 * * 7", "2026-01-01T00:00", ["2026-01-03T00:00"]],
    ["0 0 * * L", "2026-01-01T00:00", ["2026-01-03T00:00"]],
    ["10 7 * * mon-fri", "2026-01-01T08:00", ["2026-01-02T07:10", "2026-01-05T07:10"]],
    ["10 7 * * 2-6", "2026-01-01T08:00", ["2026-01-02T07:10", "2026-01-05T07:10"]],
    ["0 0 * * FRI-MON/2", "2026-01-01T00:00", ["2026-01-02T00:00", "2026-01-04T00:00", "2026-01-09T00:00"]],
    ["0 15 1 * *", "2026-01-01T15:00", ["2026-02-01T15:00"]],
    ["0 18 * * 6L", "2026-01-01T00:00", ["2026-01-30T18:00", "2026-02-27T18:00"]],
    ["0 18 * * friL", "2026-01-01T00:00", ["2026-01-30T18:00"]],
    ["0 9 * * MON#1", "2026-01-01T00:00", ["2026-01-05T09:00", "2026-02-02T09:00"]],
    ["0 0 * FEB SUN#5", "2026-01-01T00:00", ["2032-02-29T00:00", "2060-02-29T00:00", "2088-02-29T00:00", "2128-02-29T00:00"]],
    ["59 23 LW * *", "2026-01-01T00:00", ["2026-01-30T23:59", "2026-02-27T23:59", "2026-03-31T23:59"]],
    ["0 0 L * *", "2026-01-31T00:00", ["2026-02-28T00:00", "2026-03-31T00:00"]],
    ["0 0 L-3 2 *", "2027-06-01T00:00", ["2028-02-26T00:00"]],
    ["0 0 L-2W 5 *", "2026-01-01T00:00", ["2026-05-29T00:00"]],
    ["0 0 1W 2,8 *", "2026-01-01T00:00", ["2026-02-02T00:00", "2026-08-03T00:00"]],
    ["0 0 31W 5,4 *", "2026-01-01T00:00", ["2026-05-29T00:00", "2027-05-31T00:00"]],
    ["0 0 29 2 *", "2097-01-01T00:00", ["2104-02-29T00:00"]],
    ["0 0 13 * FRI", "2026-01-01T00:00", ["2026-01-02T00:00", "2026-01-09T00:00", "2026-01-13T00:00"]],
    ["0 0 13 * *", "2026-01-13T00:00", ["2026-02-13T00:00"]],
    ["0  0 1,15-16 JAN,mar *", "2026-01-02T00:00", ["2026-01-15T00:00", "2026-01-16T00:00", "2026-03-01T00:00"]],
  ])("%s after %s", (text, from, expected) => {
    expect(cronProblem(text)).toBeUndefined();
    expect(next(text, from, expected.length)).toEqual(expected);
  });

  test("the last one is the moment itself when that is one", () => {
    expect(shown(boundaryUpTo("0 9 * * *", at("2026-01-02T09:00")))).toBe("2026-01-02T09:00");
    expect(shown(boundaryUpTo("0 9 * * *", at("2026-01-02T08:59:59.999")))).toBe("2026-01-01T09:00");
    expect(shown(boundaryUpTo("0 0 29 2 *", at("2027-01-01T00:00")))).toBe("2024-02-29T00:00");
    expect(shown(boundaryUpTo("0 0 31 12 *", at("2026-07-15T00:00")))).toBe("2025-12-31T00:00");
  });
});

test.each([
  ["", "five fields"],
  ["* * * *", "five fields"],
  ["* * * * * *", "five fields"],
  [" * * * * *", "minute"],
  ["* * * * * ", "five fields"],
  ["*\t* * * *", "five fields"],
  ["@daily", "five fields"],
  ["60 * * * *", "minute"],
  ["*/60 * * * *", "minute"],
  ["*/0 * * * *", "minute"],
  ["1,* * * * *", "minute"],
  ["*-5 * * * *", "minute"],
  ["1- * * * *", "minute"],
  ["1,,2 * * * *", "minute"],
  ["-1 * * * *", "minute"],
  ["1.5 * * * *", "minute"],
  ["* 24 * * *", "hour"],
  ["* * 0 * *", "day of the month"],
  ["* * 32 * *", "day of the month"],
  ["* * 32W * *", "day of the month"],
  ["* * L,1 * *", "day of the month"],
  ["* * L-31 * *", "day of the month"],
  ["* * L-0 * *", "day of the month"],
  ["* * ? * *", "day of the month"],
  ["* * * 13 *", "month"],
  ["* * * JANUARY *", "month"],
  ["* * * * 0", "day of the week"],
  ["* * * * 8", "day of the week"],
  ["* * * * MON#6", "day of the week"],
  ["* * * * #1", "day of the week"],
  ["* * * * MON#1,TUE", "day of the week"],
  ["* * * * constructor", "day of the week"],
  ["0 0 31 2,4 *", "No year has such a day"],
  ["0 0 L-30W FEB *", "No year has such a day"],
  [`0 0 * * ${"1,".repeat(124)}1`, "longer than 256"],
])("%j is refused: %s", (text, says) => {
  expect(cronProblem(text)).toContain(says);
});

const DAY_MS = 24 * 60 * 60 * 1000;
const moment = fc.integer({ min: at("1990-01-01T00:00"), max: at("2120-01-01T00:00") });

/** An item of a list: a value, a range that does not wrap, or a step. */
const item = (min: number, max: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.integer({ min, max }).map(String),
    fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    fc.integer({ min: 1, max: max - min }).map((step) => `*/${step}`),
  );
const field = (min: number, max: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constant("*"),
    fc.array(item(min, max), { minLength: 1, maxLength: 3 }).map((items) => items.join(",")),
  );
const weekdays = fc.constantFrom("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT");

const expression = fc
  .tuple(
    field(0, 59),
    field(0, 23),
    fc.oneof(
      field(1, 31),
      fc.constantFrom("L", "LW"),
      fc.integer({ min: 1, max: 28 }).map((date) => `${date}W`),
    ),
    field(1, 12),
    fc.oneof(
      field(1, 7),
      fc.tuple(weekdays, fc.constantFrom("L", "#1", "#2", "#3", "#4")).map((parts) => parts.join("")),
    ),
  )
  .map((fields) => fields.join(" "));

describe("arithmetic", () => {
  test("agrees with croner where both speak the same", () => {
    fc.assert(
      fc.property(expression, moment, (text, ms) => {
        fc.pre(cronProblem(text) === undefined);
        const other = new Cron(text, { timezone: "Etc/UTC", alternativeWeekdays: true, paused: true });
        expect(shown(boundaryAfter(text, ms))).toBe(shown(other.nextRun(new Date(ms))?.getTime()));
      }),
      { numRuns: 500 },
    );
  });

  test("forward and back are one order", () => {
    fc.assert(
      fc.property(expression, moment, (text, ms) => {
        fc.pre(cronProblem(text) === undefined);
        const later = boundaryAfter(text, ms) ?? Number.NaN;
        expect(later).toBeGreaterThan(ms);
        expect(boundaryUpTo(text, later)).toBe(later);
        const earlier = boundaryUpTo(text, later - 1) ?? Number.NaN;
        expect(earlier).toBeLessThanOrEqual(ms);
        expect(boundaryAfter(text, earlier)).toBe(later);
      }),
      { numRuns: 500 },
    );
  });

  test("what is taken comes, what is refused does not", () => {
    const rare = fc
      .tuple(
        fc.oneof(
          fc.integer({ min: 27, max: 31 }).map(String),
          fc.integer({ min: 27, max: 31 }).map((date) => `${date}W`),
          fc.integer({ min: 26, max: 30 }).map((back) => `L-${back}`),
          fc.integer({ min: 26, max: 30 }).map((back) => `L-${back}W`),
          fc.constant("*"),
        ),
        fc.subarray([2, 4, 6, 9, 11], { minLength: 1 }),
        weekdays,
      )
      .map(([date, months, weekday]) => `0 0 ${date} ${months.join(",")} ${date === "*" ? `${weekday}#5` : "*"}`);
    fc.assert(
      fc.property(rare, moment, (text, ms) => {
        expect(boundaryAfter(text, ms) === undefined).toBe(cronProblem(text) !== undefined);
      }),
    );
  });

  test("days are the calendar's", () => {
    fc.assert(
      fc.property(moment, (ms) => {
        const day = calendarDay(ms);
        expect(calendarDay(ms + (day.monthDays - day.date) * DAY_MS)).toMatchObject({ month: day.month, date: day.monthDays });
        expect(calendarDay(ms + (day.monthDays - day.date + 1) * DAY_MS)).toMatchObject({ month: (day.month % 12) + 1, date: 1 });
      }),
    );
  });
});
