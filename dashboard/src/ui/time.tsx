/** Times and durations in words; the exact values are in the tooltip. */
import { useSyncExternalStore } from "react";

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

/** The two largest units of a span: `2 h 5 m`, `340 ms`. */
export function spanText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const first = UNITS.findIndex(([, size]) => ms >= size);
  return UNITS.slice(first, first + 2)
    .map(([unit, size], i) => `${Math.floor((i === 0 ? ms : ms % (UNITS[first]?.[1] ?? 1)) / size)} ${unit}`)
    .join(" ");
}

/** How far a moment is from now: `3 m ago`, `in 2 d`. */
function relativeText(at: number, now: number): string {
  const ms = Math.abs(now - at);
  if (ms < 2_000) return "now";
  const [unit, size] = UNITS.find(([, each]) => ms >= each) ?? ["s", 1_000];
  const text = `${Math.floor(ms / size)} ${unit}`;
  return at < now ? `${text} ago` : `in ${text}`;
}

export type Zone = "local" | "utc";

const KEY = "stepwell.zone";
const LOCAL = new Intl.DateTimeFormat().resolvedOptions().timeZone;
const STYLE = { dateStyle: "medium", timeStyle: "medium" } as const;
const CLOCKS: Readonly<Record<Zone, Intl.DateTimeFormat>> = {
  local: new Intl.DateTimeFormat(undefined, STYLE),
  utc: new Intl.DateTimeFormat(undefined, { ...STYLE, timeZone: "UTC" }),
};

const DAY_STYLE = { hourCycle: "h23", hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 } as const;
const DAY_TIMES: Readonly<Record<Zone, Intl.DateTimeFormat>> = {
  local: new Intl.DateTimeFormat(undefined, DAY_STYLE),
  utc: new Intl.DateTimeFormat(undefined, { ...DAY_STYLE, timeZone: "UTC" }),
};

let zone: Zone = localStorage.getItem(KEY) === "utc" ? "utc" : "local";
const zoneReaders = new Set<() => void>();

/** The time zone in which times are shown. */
export function useZone(): Zone {
  return useSyncExternalStore(
    (reader) => {
      zoneReaders.add(reader);
      return () => zoneReaders.delete(reader);
    },
    () => zone,
  );
}

/** Kept for the next time. */
export function chooseZone(next: Zone): void {
  zone = next;
  localStorage.setItem(KEY, next);
  for (const each of zoneReaders) each();
}

/** Date and time by the clock that was chosen. */
function clockText(at: number): string {
  return `${CLOCKS[zone].format(at)}${zone === "utc" ? " UTC" : ""}`;
}

/** The time of a day, to the millisecond, by the clock that was chosen. */
export function dayTimeText(at: number): string {
  return DAY_TIMES[zone].format(at);
}

/** A moment by both clocks, the chosen one first. */
export function exactText(at: number): string {
  const local = `${CLOCKS.local.format(at)} (${LOCAL})`;
  const utc = new Date(at).toISOString();
  return zone === "utc" ? `${utc}\n${local}` : `${local}\n${utc}`;
}

let now = Date.now();
const readers = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;

function subscribe(reader: () => void): () => void {
  readers.add(reader);
  ticking ??= setInterval(() => {
    now = Date.now();
    for (const each of readers) each();
  }, 1_000);
  return () => {
    readers.delete(reader);
    if (readers.size > 0) return;
    clearInterval(ticking);
    ticking = undefined;
  };
}

/** The time, once a second; one timer for the whole page. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

export function Moment({ at }: { readonly at: string | number | null }) {
  const current = useNow();
  useZone();
  if (at === null) return <span className="text-quiet">–</span>;
  const ms = typeof at === "number" ? at : Date.parse(at);
  return (
    <time dateTime={new Date(ms).toISOString()} title={exactText(ms)} className="whitespace-nowrap tabular-nums">
      {relativeText(ms, current)}
    </time>
  );
}

/** A span, that grows while it has no end. */
export function Span({ from, to }: { readonly from: string | null; readonly to: string | null }) {
  const current = useNow();
  if (from === null) return <span className="text-quiet">–</span>;
  const end = to === null ? current : Date.parse(to);
  return <span className="whitespace-nowrap tabular-nums">{spanText(end - Date.parse(from))}</span>;
}

/** A moment by the clock that was chosen; how far it is from now is a hover away. */
export function Clock({ at }: { readonly at: string | number }) {
  const current = useNow();
  useZone();
  const ms = typeof at === "number" ? at : Date.parse(at);
  return (
    <time
      dateTime={new Date(ms).toISOString()}
      title={`${relativeText(ms, current)}\n${exactText(ms)}`}
      className="whitespace-nowrap tabular-nums"
    >
      {clockText(ms)}
    </time>
  );
}
