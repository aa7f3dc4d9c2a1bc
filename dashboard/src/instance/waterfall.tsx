/**
 * What ran when: a row a step, a bar an attempt. Only the rows that are seen are there, and time is scaled by the mouse (drag,
 * wheel with Ctrl) or the keyboard (+, −, arrows, 0), so that twenty-five thousand steps are as smooth as five.
 */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { spanText, useNow } from "../ui/time.tsx";
import { Minimap } from "./minimap.tsx";
import { toRows, type Group, type Row } from "./rows.ts";
import type { Entry, Timeline } from "./timeline.ts";
import { pan, ticks, zoom, type TimeWindow } from "./window.ts";

const ROW_PX = 28;

/** A bar is never thinner than this share of the picture: it has to be found. */
const LEAST = 0.003;

interface WaterfallProps {
  readonly timeline: Timeline;
  /** The name of the entry that is chosen. */
  readonly chosen: string | undefined;
  readonly onChoose: (entry: Entry) => void;
}

export function Waterfall({ timeline, chosen, onChoose }: WaterfallProps) {
  const { steps } = timeline;
  const current = useNow();
  const isOver = timeline.end !== null;
  const origin = Date.parse(timeline.queued);
  const end = isOver ? Date.parse(timeline.end) : Math.max(current, origin + 1);
  const all = useMemo(() => wholeOf(steps, origin, end), [steps, origin, end]);
  const [zoomed, setZoomed] = useState<TimeWindow>();
  const shown = zoomed ?? all;
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => toRows(steps, open, end), [steps, open, end]);

  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
  });

  const move = useCallback((next: TimeWindow) => setZoomed(next.to - next.from >= all.to - all.from ? undefined : next), [all]);

  useWheelZoom(scroller, (share, factor) => move(zoom(shown, all, shown.from + share * (shown.to - shown.from), factor)));
  const drag = useDrag((share) => move(pan(shown, all, -share * (shown.to - shown.from))));

  const onKeyDown = (event: KeyboardEvent): void => {
    const next = keyed(event.key, shown, all);
    if (next === undefined) return;
    event.preventDefault();
    move(next);
  };

  const toggle = (key: string): void => {
    const next = new Set(open);
    if (!next.delete(key)) next.add(key);
    setOpen(next);
  };

  return (
    <section aria-label="Waterfall" className="rounded-lg border border-line bg-panel">
      <Minimap entries={steps} all={all} shown={shown} onMove={move} />
      <Ruler shown={shown} origin={origin} />
      <div
        ref={scroller}
        role="listbox"
        aria-label="Steps. Plus and minus zoom, left and right move, zero shows all"
        tabIndex={0}
        onKeyDown={onKeyDown}
        className="max-h-[60vh] min-h-[14.5rem] overflow-y-auto print:max-h-none"
        {...drag}
      >
        <div className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            return (
              <div
                key={index}
                className="absolute inset-x-0 flex"
                style={{ height: ROW_PX, transform: `translateY(${start}px)` }}
              >
                {row.kind === "group" ? (
                  <GroupRow row={row} shown={shown} onToggle={() => toggle(row.key)} />
                ) : (
                  <EntryRow
                    entry={row.entry}
                    indented={row.indented}
                    shown={shown}
                    now={end}
                    isChosen={row.entry.name === chosen}
                    onChoose={() => onChoose(row.entry)}
                  />
                )}
              </div>
            );
          })}
        </div>
      </div>
    </section>
  );
}

function wholeOf(steps: readonly Entry[], origin: number, end: number): TimeWindow {
  const latest = steps.reduce((most, entry) => Math.max(most, entry.state === "running" ? 0 : (entry.end ?? 0)), end);
  return { from: origin, to: Math.max(latest, origin + 1) };
}

function keyed(key: string, shown: TimeWindow, all: TimeWindow): TimeWindow | undefined {
  const middle = (shown.from + shown.to) / 2;
  const part = (shown.to - shown.from) / 10;
  switch (key) {
    case "+":
    case "=":
      return zoom(shown, all, middle, 0.7);
    case "-":
      return zoom(shown, all, middle, 1.4);
    case "ArrowLeft":
      return pan(shown, all, -part);
    case "ArrowRight":
      return pan(shown, all, part);
    case "0":
      return all;
    default:
      return undefined;
  }
}

/** Names take this much of the width; the rest is time. */
const NAME = "w-[clamp(8rem,24%,20rem)] shrink-0";

function Ruler({ shown, origin }: { readonly shown: TimeWindow; readonly origin: number }) {
  return (
    <div className="flex h-6 border-b border-line text-xs text-quiet">
      <div className={`${NAME} px-3 leading-6`}>Step</div>
      <div aria-hidden className="relative flex-1 overflow-hidden">
        {ticks(shown, origin, 8).map((at) => (
          <span
            key={at}
            className="absolute top-0 h-full border-l border-line pl-1 leading-6 tabular-nums"
            style={{ left: `${100 * share(at, shown)}%` }}
          >
            {spanText(at - origin)}
          </span>
        ))}
      </div>
    </div>
  );
}

function share(at: number, { from, to }: TimeWindow): number {
  return (at - from) / (to - from);
}

const COLOURS: Readonly<Record<Entry["state"], string>> = { complete: "bg-good", errored: "bg-bad", running: "bg-busy" };

const SIGNS: Readonly<Record<Entry["type"], string>> = { step: "▪", rollback: "↺", sleep: "☾", waitForEvent: "✉" };

interface EntryRowProps {
  readonly entry: Entry;
  readonly indented: boolean;
  readonly shown: TimeWindow;
  readonly now: number;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

function EntryRow({ entry, indented, shown, now, isChosen, onChoose }: EntryRowProps) {
  const { type, name, start, end, state, attempts = [] } = entry;
  const until = state === "running" ? now : (end ?? now);
  const isQuiet = type === "sleep" || type === "waitForEvent";
  return (
    <div
      role="option"
      aria-selected={isChosen}
      onClick={onChoose}
      className={`flex w-full cursor-pointer items-center hover:bg-line/40 ${isChosen ? "bg-accent/15" : ""}`}
    >
      <span className={`${NAME} truncate px-3 ${indented ? "pl-8" : ""}`} title={name}>
        <span aria-hidden className="mr-1.5 text-quiet">
          {SIGNS[type]}
        </span>
        {name}
        {state === "errored" && <span className="text-bad"> ✕</span>}
      </span>
      <span className="relative h-full flex-1 overflow-hidden">
        <Bar shown={shown} from={start} to={until} className={isQuiet ? "bar-quiet" : "bar-queue"} />
        {attempts.map((attempt) => (
          <Bar
            key={attempt.start}
            shown={shown}
            from={attempt.start}
            to={attempt.end ?? now}
            className={
              attempt.error ? "bg-bad" : attempt.end === null ? "bg-busy" : COLOURS[state === "errored" ? "complete" : state]
            }
          />
        ))}
        <Label shown={shown} from={start} to={until} text={spanText(until - start)} />
      </span>
    </div>
  );
}

function GroupRow({
  row: { group },
  shown,
  onToggle,
}: {
  readonly row: Extract<Row, { kind: "group" }>;
  readonly shown: TimeWindow;
  readonly onToggle: () => void;
}) {
  return (
    <div
      role="option"
      aria-selected={false}
      aria-description={group.isOpen ? "Open" : "Closed"}
      onClick={onToggle}
      className="flex w-full cursor-pointer items-center hover:bg-line/40"
    >
      <span className={`${NAME} truncate px-3 font-medium`} title={group.name}>
        <span aria-hidden className="mr-1.5 text-quiet">
          {group.isOpen ? "▾" : "▸"}
        </span>
        {group.name} × {group.entries.length.toLocaleString()}
      </span>
      <span className="relative h-full flex-1 overflow-hidden">
        <Bar shown={shown} from={group.start} to={group.end} className={group.failed > 0 ? "bg-bad/50" : "bg-good/50"} />
        <Label shown={shown} from={group.start} to={group.end} text={groupText(group)} />
      </span>
    </div>
  );
}

function groupText({ failed, p50, p95 }: Group): string {
  return `p50 ${spanText(p50)}, p95 ${spanText(p95)}${failed > 0 ? `, ${failed} failed` : ""}`;
}

interface BarProps {
  readonly shown: TimeWindow;
  readonly from: number;
  readonly to: number;
  readonly className: string;
}

function Bar({ shown, from, to, className }: BarProps) {
  const left = share(from, shown);
  const width = Math.max(share(to, shown) - left, LEAST);
  if (left > 1 || left + width < 0) return null;
  return (
    <span
      className={`absolute top-1.5 h-4 rounded-xs ${className}`}
      style={{ left: `${100 * left}%`, width: `${100 * width}%` }}
    />
  );
}

function Label({
  shown,
  from,
  to,
  text,
}: {
  readonly shown: TimeWindow;
  readonly from: number;
  readonly to: number;
  readonly text: string;
}) {
  const after = share(to, shown);
  if (share(from, shown) > 1 || after < 0) return null;
  const side = after > 0.85 ? { right: `${100 * Math.max(0, 1 - share(from, shown))}%` } : { left: `${100 * after}%` };
  return (
    <span
      className="pointer-events-none absolute px-1.5 text-xs leading-7 whitespace-nowrap text-quiet tabular-nums"
      style={side}
    >
      {text}
    </span>
  );
}

/** The wheel zooms while Ctrl is held. React's own listeners cannot keep the page from being zoomed as well. */
function useWheelZoom(place: React.RefObject<HTMLElement | null>, zoomBy: (share: number, factor: number) => void): void {
  const latest = useRef(zoomBy);
  latest.current = zoomBy;
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const onWheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const { left, width } = element.getBoundingClientRect();
      latest.current(Math.min(1, Math.max(0, (event.clientX - left) / width)), event.deltaY > 0 ? 1.2 : 1 / 1.2);
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [place]);
}

/** Calls with the share of the width that the pointer has been dragged by. */
function useDrag(moveBy: (share: number) => void) {
  const at = useRef<number>(undefined);
  return {
    onPointerDown: ({ clientX, button }: PointerEvent) => {
      if (button === 0) at.current = clientX;
    },
    onPointerMove: ({ clientX, buttons, currentTarget }: PointerEvent) => {
      if (at.current === undefined || buttons === 0) return;
      const by = clientX - at.current;
      if (Math.abs(by) < 3) return;
      at.current = clientX;
      moveBy(by / currentTarget.getBoundingClientRect().width);
    },
    onPointerUp: () => (at.current = undefined),
    onPointerLeave: () => (at.current = undefined),
  };
}
