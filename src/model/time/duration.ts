/**
 * Durations as Cloudflare Workflows writes them: a number of milliseconds, or a number and a unit (`"5 minutes"`).
 *
 * Cloudflare's local engine takes any unknown unit for milliseconds (`"2 h"` is 2 ms there). No correct program relies
 * on that, and many wrong ones suffer from it, so an unknown unit is refused here.
 */

const SECOND = 1_000;
const DAY = 24 * 60 * 60 * SECOND;

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  millisecond: 1,
  second: SECOND,
  minute: 60 * SECOND,
  hour: 60 * 60 * SECOND,
  day: DAY,
  week: 7 * DAY,
  month: 30 * DAY,
  year: 365.25 * DAY,
};

/** Each character fits in one place only: `\d+\.?\d*` would try every way to part a long row of digits in two. */
const NUMBER_AND_UNIT = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)\s*([a-z]+?)s?$/i;

/** Characters of a duration. A number with all its digits and a unit has some forty. */
export const DURATION_LENGTH = 1_024;

/** A duration that cannot be understood. */
export class InvalidDuration extends Error {
  override readonly name = "InvalidDuration";
}

/**
 * Milliseconds of a duration. Numbers and numeric strings are milliseconds already; both they and the number before a
 * unit may be negative or fractional.
 *
 * @throws InvalidDuration for anything else, `NaN` and infinities included.
 */
export function durationMs(input: number | string): number {
  const ms = typeof input === "number" ? input : parse(input);
  if (ms === undefined || !Number.isFinite(ms)) throw new InvalidDuration(describe(input));
  return ms;
}

/** True when `durationMs` understands the value. */
export function isDuration(input: unknown): input is number | string {
  if (typeof input === "number") return Number.isFinite(input);
  return typeof input === "string" && Number.isFinite(parse(input) ?? Number.NaN);
}

/** What short texts have come to. Code names the same few durations over and over, and each is parsed on both sides. */
const parsed: Map<string, number | undefined> = new Map();
const MEMO = { texts: 256, length: 32 } as const;

function parse(text: string): number | undefined {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const ms = parseAnew(text);
  if (text.length <= MEMO.length) {
    if (parsed.size >= MEMO.texts) parsed.clear();
    parsed.set(text, ms);
  }
  return ms;
}

function parseAnew(text: string): number | undefined {
  if (text.length > DURATION_LENGTH) return undefined;
  const plain = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isNaN(plain)) return plain;
  const match = NUMBER_AND_UNIT.exec(text);
  if (match === null) return undefined;
  const [, number, unit] = match;
  const factor = UNIT_MS[unit === "m" ? "ms" : (unit ?? "")];
  return factor === undefined ? undefined : Number(number) * factor;
}

/** Characters of what is no duration that its message has. */
const SHOWN = 100;

function describe(input: unknown): string {
  const shown = typeof input === "string" ? JSON.stringify(input.slice(0, SHOWN)) : String(input);
  return `${shown} is not a duration: use milliseconds, or a number with second(s), minute(s), hour(s), day(s), week(s), month(s) or year(s)`;
}
