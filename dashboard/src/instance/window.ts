/** The visible time range of the waterfall, and how it moves. Pure; in milliseconds. */

export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

/** No closer than this, in milliseconds: marks of time are whole milliseconds. */
const CLOSEST_MS = 5;

/** Scales by a factor around a moment, and stays inside of `all`. */
export function zoom(shown: TimeWindow, all: TimeWindow, around: number, factor: number): TimeWindow {
  const span = Math.min(all.to - all.from, Math.max(CLOSEST_MS, (shown.to - shown.from) * factor));
  const share = (around - shown.from) / (shown.to - shown.from);
  return inside({ from: around - share * span, to: around + (1 - share) * span }, all);
}

/** Moves by milliseconds, and stays inside of `all`. */
export function pan(shown: TimeWindow, all: TimeWindow, byMs: number): TimeWindow {
  return inside({ from: shown.from + byMs, to: shown.to + byMs }, all);
}

function inside({ from, to }: TimeWindow, all: TimeWindow): TimeWindow {
  const span = Math.min(to - from, all.to - all.from);
  const begin = Math.min(Math.max(from, all.from), all.to - span);
  return { from: begin, to: begin + span };
}

/** Moments at which lines are drawn: so many at the most, and round ones. */
export function ticks({ from, to }: TimeWindow, origin: number, most: number): number[] {
  const span = to - from;
  const size = STEPS_MS.find((each) => span / each <= most) ?? span / most;
  const first = Math.ceil((from - origin) / size);
  const found: number[] = [];
  for (let at = origin + first * size; at <= to; at += size) found.push(at);
  return found;
}

const STEPS_MS: readonly number[] = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((ms) => ms),
  ...[1, 2, 5, 10, 15, 30].map((s) => s * 1_000),
  ...[1, 2, 5, 10, 15, 30].map((m) => m * 60_000),
  ...[1, 2, 3, 6, 12].map((h) => h * 3_600_000),
  ...[1, 2, 7, 14, 30, 90].map((d) => d * 86_400_000),
];
