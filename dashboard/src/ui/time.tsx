/** Moments and spans as people say them; the exact ones are a hover away. */
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

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** A moment in the reader's time zone, and in UTC. */
export function exactText(at: number): string {
  return `${exact.format(at)} (${zone})\n${new Date(at).toISOString()}`;
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
