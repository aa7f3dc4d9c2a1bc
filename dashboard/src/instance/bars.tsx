/** The rows of the waterfall: a name, a lane, and bars in time. */
import { memo } from "react";
import { spanText } from "../ui/time.tsx";
import { LANES } from "./lanes.ts";
import { summaryOf, type Group, type Summary } from "./rows.ts";
import type { Attempt, Entry } from "./timeline.ts";
import type { TimeWindow } from "./window.ts";

/** Names take this much of the width; the rest is time. */
export const NAME = "w-[clamp(8.5rem,26%,24rem)] shrink-0";

/** A bar is never thinner than this share of the picture: it has to be found. */
const LEAST = 0.003;

/** Attempts of a step that are drawn individually; more are indistinguishable on screen. */
const DRAWN = 40;

const LANE_PX = 4;

const SIGNS: Readonly<Record<Entry["type"], string>> = { step: "▪", rollback: "↺", sleep: "☾", waitForEvent: "✉" };

/** Where a moment is in what is shown, as a share of it. */
export function share(at: number, { from, to }: TimeWindow): number {
  return (at - from) / (to - from);
}

interface EntryRowProps {
  readonly entry: Entry;
  readonly indented: boolean;
  readonly lane: number;
  readonly lanes: number;
  readonly shown: TimeWindow;
  readonly now: number;
}

export const EntryRow = memo(function EntryRow({ entry, indented, lane, lanes, shown, now }: EntryRowProps) {
  const { type, name, start, end, state, attempts, config } = entry;
  const until = state === "running" ? now : (end ?? now);
  return (
    <>
      <span className={`${NAME} flex h-full items-center pr-3 ${indented ? "pl-6" : "pl-2"}`}>
        {lanes > 1 && <Lane lane={lane} lanes={lanes} />}
        <span aria-hidden className="w-4 shrink-0 text-quiet">
          {SIGNS[type]}
        </span>
        <span className={`truncate ${state === "errored" ? "font-medium text-bad" : ""}`}>{name}</span>
        {config?.sensitive !== undefined && <Hidden />}
        {state === "errored" && <span className="ml-1 text-bad">✕</span>}
      </span>
      <span className="relative h-full min-w-0 flex-1 overflow-hidden">
        <Bar
          shown={shown}
          from={start}
          to={until}
          className={type === "sleep" || type === "waitForEvent" ? "bar-quiet" : "bar-queue"}
        />
        {attempts.slice(-DRAWN).map((attempt, i) => (
          <Bar key={i} shown={shown} from={attempt.start} to={attempt.end ?? now} className={lookOf(attempt, type)} />
        ))}
        <Label shown={shown} from={start} to={until} text={labelOf(until - start, attempts.length)} />
      </span>
    </>
  );
});

/** Of a step that returns what only user code may see. */
function Hidden() {
  return (
    <span className="ml-1.5 rounded border border-line px-1 text-xs leading-4 text-quiet max-sm:hidden" title="Sensitive output">
      hidden
    </span>
  );
}

function lookOf({ error, end }: Attempt, type: Entry["type"]): string {
  if (error) return "bar-bad";
  if (end === null) return "bar-busy";
  return type === "rollback" ? "bar-undo" : "bar-good";
}

function labelOf(spanMs: number, attempts: number): string {
  return attempts > 1 ? `${spanText(spanMs)}, ${attempts} attempts` : spanText(spanMs);
}

/** Rows of one lane that follow one another make a line; what runs beside them stands beside it. */
function Lane({ lane, lanes }: { readonly lane: number; readonly lanes: number }) {
  return (
    <span aria-hidden className="relative mr-1.5 h-full shrink-0" style={{ width: Math.min(lanes, LANES) * LANE_PX }}>
      <span className="absolute inset-y-0 w-[3px] bg-accent/50" style={{ left: lane * LANE_PX }} />
    </span>
  );
}

interface GroupRowProps {
  readonly group: Group;
  readonly isOpen: boolean;
  readonly shown: TimeWindow;
  readonly now: number;
}

export const GroupRow = memo(function GroupRow({ group, isOpen, shown, now }: GroupRowProps) {
  const summary = summaryOf(group, now);
  const { start, end, failed, running } = summary;
  const look = failed > 0 ? "bg-bad/40" : running > 0 ? "bg-busy/40" : "bg-good/40";
  return (
    <>
      <span className={`${NAME} flex h-full items-center pr-3 pl-2 font-medium`}>
        <span aria-hidden className="w-4 shrink-0 text-quiet">
          {isOpen ? "▾" : "▸"}
        </span>
        <span className="sr-only">{isOpen ? "Expanded group: " : "Group: "}</span>
        <span className="truncate">{group.name}</span>
        <span className="ml-1 shrink-0 font-normal text-quiet tabular-nums">× {group.entries.length.toLocaleString()}</span>
        {failed > 0 && <span className="ml-1 text-bad">✕</span>}
      </span>
      <span className="relative h-full min-w-0 flex-1 overflow-hidden">
        <Bar shown={shown} from={start} to={end} className={look} />
        <Label shown={shown} from={start} to={end} text={summaryText(summary)} />
      </span>
    </>
  );
});

function summaryText({ failed, retried, running, p50, p95 }: Summary): string {
  const parts = [`p50 ${spanText(p50)}`, `p95 ${spanText(p95)}`];
  if (failed > 0) parts.push(`${failed.toLocaleString()} failed`);
  if (retried > 0) parts.push(`${retried.toLocaleString()} retried`);
  if (running > 0) parts.push(`${running.toLocaleString()} running`);
  return parts.join(" · ");
}

/** The time before there was a place, behind all rows. */
export function Queued({ shown, from, to }: SpanProps) {
  const [left, right] = [share(from, shown), share(to, shown)];
  if (right - left < LEAST || right < 0) return null;
  const begin = Math.max(0, left);
  return (
    <div aria-hidden className="pointer-events-none absolute inset-0 flex">
      <span className={NAME} />
      <span className="relative flex-1 overflow-hidden">
        <span className="bar-before absolute inset-y-0" style={{ left: `${100 * begin}%`, width: `${100 * (right - begin)}%` }} />
      </span>
    </div>
  );
}

interface SpanProps {
  readonly shown: TimeWindow;
  readonly from: number;
  readonly to: number;
}

function Bar({ shown, from, to, className }: SpanProps & { readonly className: string }) {
  const begun = share(from, shown);
  const width = Math.max(share(to, shown) - begun, LEAST);
  if (begun > 1 || begun + width < 0) return null;
  // What happens at the very end is seen as well.
  const left = Math.min(begun, 1 - LEAST);
  // What is far outside is cut off: pixels have to be numbers that a browser can count.
  const begin = Math.max(left, -1);
  return (
    <span
      className={`absolute top-1.5 h-4 rounded-xs ${className}`}
      style={{ left: `${100 * begin}%`, width: `${100 * (Math.min(left + width, 2) - begin)}%` }}
    />
  );
}

function Label({ shown, from, to, text }: SpanProps & { readonly text: string }) {
  const [before, after] = [share(from, shown), share(to, shown)];
  if (before > 1 || after < 0) return null;
  if (after <= 0.75) return <LabelText style={{ left: `${100 * after}%` }} text={text} />;
  if (before >= 0.25) return <LabelText style={{ right: `${100 * (1 - before)}%` }} text={text} />;
  // The bar leaves no room beside it: the text stands on it.
  return <LabelText style={{ right: 0 }} text={text} isOnBar />;
}

interface LabelTextProps {
  readonly style: React.CSSProperties;
  readonly text: string;
  readonly isOnBar?: boolean;
}

function LabelText({ style, text, isOnBar = false }: LabelTextProps) {
  return (
    <span
      className={`pointer-events-none absolute top-1.5 h-4 px-1.5 text-xs leading-4 whitespace-nowrap tabular-nums ${isOnBar ? "rounded-xs bg-panel text-text" : "text-quiet"}`}
      style={style}
    >
      {text}
    </span>
  );
}
