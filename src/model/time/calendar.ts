/** Times as the outside sees them, and the calendar that schedules follow. Inside they are epoch milliseconds. */

/** ISO 8601 in UTC, with milliseconds. */
export function iso(ms: number): string {
  return utc(ms).toISOString();
}

/** The same of a moment that may not have come. */
export function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}

/** A day in UTC. */
export interface CalendarDay {
  /** 1–12. */
  readonly month: number;
  /** 1–31. */
  readonly date: number;
  /** How many days its month has. */
  readonly monthDays: number;
  /** 1 is Sunday, 7 is Saturday. */
  readonly weekday: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** The day that a moment (epoch milliseconds) is in. */
export function calendarDay(ms: number): CalendarDay {
  const at = utc(ms);
  const date = at.getUTCDate();
  // 31 days after the first of a month it is the 1st of the next one, or as much later as the month is shorter.
  const monthDays = 32 - utc(ms + (32 - date) * DAY_MS).getUTCDate();
  return { month: at.getUTCMonth() + 1, date, monthDays, weekday: at.getUTCDay() + 1 };
}

function utc(ms: number): Date {
  // oxlint-disable-next-line no-restricted-globals -- it takes a time apart that is given; it does not ask what time it is
  return new Date(ms);
}
