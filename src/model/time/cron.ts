/**
 * Cron expressions, and when they come round: five fields in UTC, in the dialect of Cloudflare's own parser (`saffron`).
 * That is Quartz's: 1 is Sunday, ranges may wrap (`FRI-MON`), `L`, `W` and `#` pick days by their place in the month,
 * and when both the day of the month and the day of the week are given, either will do.
 */
import type { ScheduleInfo } from "./schedule-info.ts";
import { LIMITS } from "../limits.ts";
import { calendarDay, type CalendarDay } from "./calendar.ts";

interface Cron {
  /** Milliseconds since midnight, ascending. */
  readonly times: readonly number[];
  readonly months: ReadonlySet<number>;
  readonly isDay: DayRule;
}

type DayRule = (day: CalendarDay) => boolean;

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** What the values may be called, from `min` on. */
  readonly names: readonly string[];
  /** What it takes beside lists, ranges and steps. */
  readonly hint: string;
}

const MINUTE: Field = { name: "minute", min: 0, max: 59, names: [], hint: "0-59" };
const HOUR: Field = { name: "hour", min: 0, max: 23, names: [], hint: "0-23" };
const DATE: Field = { name: "day of the month", min: 1, max: 31, names: [], hint: "1-31, L, LW, L-3, 15W" };
const MONTH: Field = {
  name: "month",
  min: 1,
  max: 12,
  names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
  hint: "1-12, JAN-DEC",
};
const WEEKDAY: Field = {
  name: "day of the week",
  min: 1,
  max: 7,
  names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
  hint: "1 (Sunday) to 7 (Saturday), SUN-SAT, FRIL, MON#1",
};

const SATURDAY = 7;
const SUNDAY = 1;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** The rarest day, the 29th of February on one weekday, can be 40 years away: 2100 has none. */
const HORIZON_MS = 41 * 366 * DAY_MS;

/** Why a text is no expression that can be followed, in words for its author; undefined when it is one. */
export function cronProblem(text: string): string | undefined {
  if (text.length > LIMITS.cron) return `The expression is longer than ${LIMITS.cron} characters`;
  const cron = parse(text);
  if (typeof cron === "string") return cron;
  return comes(cron) ? undefined : "No year has such a day";
}

/** The first boundary later than a moment, both in epoch milliseconds; undefined for what `cronProblem` refuses. */
export function boundaryAfter(text: string, ms: number): number | undefined {
  const cron = parse(text);
  return typeof cron === "string" ? undefined : after(cron, ms);
}

/** The last boundary that is not later than a moment, both in epoch milliseconds; undefined as for `boundaryAfter`. */
export function boundaryUpTo(text: string, ms: number): number | undefined {
  const cron = parse(text);
  if (typeof cron === "string") return undefined;
  for (const midnight of days(cron, ms, -1)) {
    const time = cron.times.findLast((each) => midnight + each <= ms);
    if (time !== undefined) return midnight + time;
  }
  return undefined;
}

/** A cron expression, and the boundary (epoch milliseconds) up to which it has been followed. */
interface Followed {
  readonly cron: string;
  readonly lastFiredAt: number;
}

/**
 * The boundary whose instance is to be created now. Of several that were missed — the server was down, or the clock
 * jumped — only the latest is due. A clock that is set back makes no boundary due a second time.
 */
export function dueBoundary({ cron, lastFiredAt }: Followed, now: number): number | undefined {
  const latest = boundaryUpTo(cron, now);
  return latest !== undefined && latest > lastFiredAt ? latest : undefined;
}

/** The boundary to wait for once nothing is due. */
export function nextBoundary({ cron, lastFiredAt }: Followed, now: number): number | undefined {
  return boundaryAfter(cron, Math.max(now, lastFiredAt));
}

/** The id of the instance that a boundary creates. */
export function cronInstanceId({ cron, scheduledTime }: ScheduleInfo): string {
  return `${cron}-${scheduledTime}`;
}

function after(cron: Cron, ms: number): number | undefined {
  for (const midnight of days(cron, ms, 1)) {
    const time = cron.times.find((each) => midnight + each > ms);
    if (time !== undefined) return midnight + time;
  }
  return undefined;
}

/** Whether there are such days at all. Sooner or later every month begins on every day of the week, a leap one too. */
function comes({ months, isDay }: Cron): boolean {
  for (const month of months)
    for (const monthDays of monthLengths(month))
      for (let first = 0; first < 7; first += 1)
        for (let date = 1; date <= monthDays; date += 1)
          if (isDay({ month, date, monthDays, weekday: ((first + date) % 7) + SUNDAY })) return true;
  return false;
}

function monthLengths(month: number): readonly number[] {
  if (month === 2) return [28, 29];
  return [4, 6, 9, 11].includes(month) ? [30] : [31];
}

/** The midnights of the days that an expression means, from the day of `ms` on or back. */
function* days({ months, isDay }: Cron, ms: number, direction: 1 | -1): Generator<number> {
  let midnight = Math.floor(ms / DAY_MS) * DAY_MS;
  while (Math.abs(midnight - ms) < HORIZON_MS) {
    const day = calendarDay(midnight);
    if (!months.has(day.month)) {
      midnight += (direction === 1 ? day.monthDays - day.date + 1 : -day.date) * DAY_MS;
      continue;
    }
    if (isDay(day)) yield midnight;
    midnight += direction * DAY_MS;
  }
}

/** A text instead of an expression says what is wrong. */
function parse(text: string): Cron | string {
  const [minute = "", hour = "", date = "", month = "", weekday = "", ...more] = text.split(/ +/);
  if (weekday === "" || more.length > 0) return "A cron expression must have five fields: minute hour day month weekday";
  const minutes = readSet(MINUTE, minute);
  if (minutes === undefined) return wrong(MINUTE, minute);
  const hours = readSet(HOUR, hour);
  if (hours === undefined) return wrong(HOUR, hour);
  const isDate = readDate(date);
  if (isDate === undefined) return wrong(DATE, date);
  const months = readSet(MONTH, month);
  if (months === undefined) return wrong(MONTH, month);
  const isWeekday = readWeekday(weekday);
  if (isWeekday === undefined) return wrong(WEEKDAY, weekday);
  const ofHours = [...minutes].sort((a, b) => a - b);
  const times = [...hours].sort((a, b) => a - b).flatMap((each) => ofHours.map((rest) => (each * 60 + rest) * MINUTE_MS));
  return { times, months, isDay: either(date === "*" ? undefined : isDate, weekday === "*" ? undefined : isWeekday) };
}

function wrong({ name, hint }: Field, text: string): string {
  return `The ${name} "${text}" is not valid: it takes *, ${hint}, and lists, ranges and steps of them`;
}

function either(date: DayRule | undefined, weekday: DayRule | undefined): DayRule {
  if (date === undefined) return weekday ?? (() => true);
  return weekday === undefined ? date : (day) => date(day) || weekday(day);
}

function readDate(text: string): DayRule | undefined {
  const [isLast, offset, shifts] = /^L(?:-(\d+))?(W)?$/.exec(text) ?? [];
  if (isLast !== undefined) {
    const back = Number(offset ?? 0);
    if (offset !== undefined && (back < 1 || back > 30)) return undefined;
    return shifts === undefined
      ? ({ date, monthDays }) => date === monthDays - back
      : (day) => day.date === workday(day.monthDays - back, day);
  }
  const [, nearest] = /^(\d+)W$/.exec(text) ?? [];
  if (nearest === undefined) return among(readSet(DATE, text), ({ date }) => date);
  const wanted = readValue(DATE, nearest);
  return wanted === undefined ? undefined : (day) => day.date === workday(wanted, day);
}

/** The workday nearest to a date, in the month of `day`; undefined when the month has no such date. */
function workday(date: number, day: CalendarDay): number | undefined {
  if (date < 1 || date > day.monthDays) return undefined;
  // At most 30 days before `day`: 35 keeps the number positive.
  const weekday = ((day.weekday - SUNDAY + date - day.date + 35) % 7) + SUNDAY;
  if (weekday === SATURDAY) return date === 1 ? 3 : date - 1;
  if (weekday === SUNDAY) return date === day.monthDays ? date - 2 : date + 1;
  return date;
}

function readWeekday(text: string): DayRule | undefined {
  if (text === "L") return ({ weekday }) => weekday === SATURDAY;
  const [, name, place] = /^(\w+?)(L|#[1-5])$/.exec(text) ?? [];
  if (name === undefined || place === undefined) return among(readSet(WEEKDAY, text), ({ weekday }) => weekday);
  const wanted = readValue(WEEKDAY, name);
  if (wanted === undefined) return undefined;
  if (place === "L") return ({ weekday, date, monthDays }) => weekday === wanted && date + 7 > monthDays;
  const nth = Number(place.slice(1));
  return ({ weekday, date }) => weekday === wanted && Math.ceil(date / 7) === nth;
}

function among(set: ReadonlySet<number> | undefined, of: (day: CalendarDay) => number): DayRule | undefined {
  return set && ((day) => set.has(of(day)));
}

/** The values that a field's text stands for: `*`, or a list of values, ranges and steps. */
function readSet(field: Field, text: string): ReadonlySet<number> | undefined {
  const found = new Set<number>();
  for (const item of text === "*" ? ["*/1"] : text.split(",")) {
    const values = readItem(field, item);
    if (values === undefined) return undefined;
    for (const value of values) found.add(value);
  }
  return found;
}

function readItem(field: Field, text: string): number[] | undefined {
  const { min, max } = field;
  const [whole, star, first = "", last, step] = /^(?:(\*)(?=\/)|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const from = star === undefined ? readValue(field, first) : min;
  // A step without an end goes on to the highest value.
  const open = step === undefined ? from : max;
  const to = last === undefined ? open : readValue(field, last);
  const by = Number(step ?? 1);
  if (from === undefined || to === undefined || by < 1 || by > max - min) return undefined;
  const size = max - min + 1;
  const length = (to - from + size) % size;
  return Array.from({ length: Math.floor(length / by) + 1 }, (_, i) => min + ((from - min + i * by) % size));
}

function readValue({ min, max, names }: Field, text: string): number | undefined {
  const named = names.indexOf(text.toUpperCase());
  if (named >= 0) return min + named;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}
