/**
 * The waterfall: one row per step, one bar per attempt. Only visible rows are rendered, so that twenty-five thousand steps are
 * as smooth as five. The time range is changed with the mouse (drag, Ctrl and wheel) or the keyboard.
 */
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { spanText, useNow } from "../ui/time.tsx";
import { NAME, share } from "./bars.tsx";
import { EVERYTHING, find, nextFailure, type Wanted } from "./find.ts";
import { useKeys } from "./keys.ts";
import { Minimap } from "./minimap.tsx";
import { groupWith, plainRows, toRows } from "./rows.ts";
import { StepsList, type Time } from "./steps-list.tsx";
import { keyOf, type Entry, type Timeline } from "./timeline.ts";
import { Legend, Toolbar } from "./toolbar.tsx";
import "./waterfall.css";
import { ticks, zoom, type TimeWindow } from "./window.ts";

interface WaterfallProps {
  readonly timeline: Timeline;
  /** The entry that is chosen. */
  readonly chosen: Entry | undefined;
  readonly onChoose: (entry: Entry) => void;
}

export function Waterfall({ timeline, chosen, onChoose }: WaterfallProps) {
  const { steps } = timeline;
  const search = useRef<HTMLInputElement>(null);
  const time = useTime(timeline);
  const { all, shown, move } = time;
  const [wanted, setWanted] = useState<Wanted>(EVERYTHING);
  const looked = useDeferredValue(wanted);
  const found = useMemo(() => find(steps, looked), [steps, looked]);
  const { rows, toggle } = useRows(steps, found, chosen);
  const jump = (direction: 1 | -1): void => {
    const failure = nextFailure(found, chosen, direction);
    if (failure !== undefined) onChoose(failure);
  };
  useKeys({ n: () => jump(1), N: () => jump(-1), "/": () => search.current?.focus() });
  return (
    <section aria-label="Waterfall" className="min-w-0 rounded-lg border border-line bg-panel">
      <Toolbar
        search={search}
        wanted={wanted}
        onWant={setWanted}
        steps={steps}
        found={found.length}
        onJump={jump}
        onZoom={(factor) => move(factor === undefined ? all : zoom(shown, all, (shown.from + shown.to) / 2, factor))}
      />
      <Minimap entries={steps} all={all} shown={shown} onMove={move} />
      <Ruler shown={shown} origin={all.from} />
      <StepsList
        rows={rows}
        steps={steps}
        time={time}
        chosen={chosen}
        onChoose={onChoose}
        onToggle={toggle}
        nothing={found === steps ? "No step has started yet." : "No matching steps."}
      />
      <Legend steps={steps} hasQueued={time.began - all.from > (all.to - all.from) / 300} />
    </section>
  );
}

/** All of the time there is, and the part of it that is shown. */
function useTime({ steps, queued, start, end: over }: Timeline): Time {
  const current = useNow();
  const origin = Date.parse(queued);
  const end = over === null ? Math.max(current, origin + 1) : Date.parse(over);
  const all = useMemo(() => wholeOf(steps, origin, end), [steps, origin, end]);
  const [zoomed, setZoomed] = useState<TimeWindow>();
  const move = useCallback((next: TimeWindow) => setZoomed(next.to - next.from >= all.to - all.from ? undefined : next), [all]);
  const began = start === null ? end : Date.parse(start);
  return { began, now: end, all, shown: zoomed ?? all, move };
}

function wholeOf(steps: readonly Entry[], origin: number, end: number): TimeWindow {
  let latest = Math.max(end, origin + 1);
  for (const entry of steps) if (entry.state !== "running" && entry.end !== null && entry.end > latest) latest = entry.end;
  return { from: origin, to: latest };
}

/** The rows, of which those that are in a group that is closed are not there; the group of what is chosen is open. */
function useRows(steps: readonly Entry[], found: readonly Entry[], chosen: Entry | undefined) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => (found === steps ? toRows(steps, open) : plainRows(found)), [steps, found, open]);
  const seen = useRef<string>(undefined);
  const key = chosen && keyOf(chosen);
  useEffect(() => {
    if (key === seen.current) return;
    seen.current = key;
    const group = chosen && groupWith(rows, chosen);
    if (group !== undefined) setOpen((before) => new Set([...before, group]));
  });
  const toggle = (group: string): void => {
    const next = new Set(open);
    if (!next.delete(group)) next.add(group);
    setOpen(next);
  };
  return { rows, toggle };
}

function Ruler({ shown, origin }: { readonly shown: TimeWindow; readonly origin: number }) {
  return (
    <div className="flex h-6 border-b border-line text-xs text-quiet">
      <div className={`${NAME} px-3 leading-6`}>Step</div>
      <div aria-hidden className="relative flex-1 overflow-hidden">
        {ticks(shown, origin, 8).map((at) => (
          <span
            key={at}
            className="absolute top-0 h-full border-l border-line pl-1 leading-6 whitespace-nowrap tabular-nums"
            style={{ left: `${100 * share(at, shown)}%` }}
          >
            {spanText(at - origin)}
          </span>
        ))}
      </div>
    </div>
  );
}
