/** The rows of the waterfall, rendered only where visible, with mouse, wheel and keyboard control. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { EntryRow, GroupRow, Queued } from "./bars.tsx";
import { useDrag, useWheelZoom } from "./gestures.ts";
import { lanesOf } from "./lanes.ts";
import type { Row } from "./rows.ts";
import { keyOf, type Entry } from "./timeline.ts";
import { Tooltip } from "./tooltip.tsx";
import { pan, zoom, type TimeWindow } from "./window.ts";

const ROW_PX = 28;

/** Elements of rows are used again, in turn: to make new ones while it is scrolled costs more than to fill these. */
const POOL = 256;

/** The time of an instance. Epoch milliseconds. */
export interface Time {
  /** When it began to run; until then it was queued. */
  readonly began: number;
  /** When it ended, or now. */
  readonly now: number;
  readonly all: TimeWindow;
  readonly shown: TimeWindow;
  readonly move: (to: TimeWindow) => void;
}

interface StepsListProps {
  readonly rows: readonly Row[];
  readonly steps: readonly Entry[];
  readonly time: Time;
  readonly chosen: Entry | undefined;
  readonly onChoose: (entry: Entry) => void;
  readonly onToggle: (group: string) => void;
  /** What is said where there is no row. */
  readonly nothing: string;
}

export function StepsList({ rows, steps, time, chosen, onChoose, onToggle, nothing }: StepsListProps) {
  const { began, now, all, shown, move } = time;
  const scroller = useRef<HTMLDivElement>(null);
  const listId = useId();
  const lanes = useMemo(() => lanesOf(steps), [steps]);
  const [active, setActive] = useState<number>();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 6,
  });
  const goTo = (index: number): void => {
    setActive(index);
    virtual.scrollToIndex(index);
  };
  useShownRow(rows, chosen, goTo);
  useWheelZoom(scroller, (at, factor) => move(zoom(shown, all, shown.from + at * (shown.to - shown.from), factor)));
  const drag = useDrag((by) => move(pan(shown, all, -by * (shown.to - shown.from))));

  const enter = (index: number): void => {
    const row = rows[index];
    setActive(index);
    if (row?.kind === "group") onToggle(row.key);
    else if (row !== undefined) onChoose(row.entry);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const window = keyed(event.key, shown, all);
    const row = rowFor(event.key, active, rows.length);
    if (window !== undefined) move(window);
    else if (row !== undefined) goTo(row);
    else if ((event.key === "Enter" || event.key === " ") && active !== undefined) enter(active);
    else return;
    event.preventDefault();
  };

  return (
    <div
      ref={scroller}
      role="listbox"
      aria-label="Steps. Up and down select a row, Enter opens it; plus and minus zoom, left and right move, zero shows all; n selects the next failure"
      aria-activedescendant={active === undefined ? undefined : `${listId}${active}`}
      tabIndex={0}
      onKeyDown={onKeyDown}
      className="max-h-[62vh] min-h-56 overflow-y-auto overscroll-contain"
      {...drag}
    >
      {rows.length === 0 && <p className="p-4 text-quiet">{nothing}</p>}
      <div className="relative" style={{ height: virtual.getTotalSize() }}>
        <Queued shown={shown} from={all.from} to={began} />
        {virtual.getVirtualItems().map(({ index, start }) => {
          const row = rows[index];
          if (row === undefined) return null;
          const isChosen = row.kind === "entry" && row.entry === chosen;
          return (
            <div
              key={index % POOL}
              id={`${listId}${index}`}
              data-row={index}
              role="option"
              aria-selected={isChosen}
              data-open={row.kind === "group" ? row.isOpen : undefined}
              onClick={() => enter(index)}
              className={`absolute inset-x-0 flex cursor-pointer items-center contain-strict hover:bg-line/40 ${isChosen ? "bg-accent/15" : ""} ${index === active ? "outline-1 -outline-offset-1 outline-accent/60" : ""}`}
              style={{ height: ROW_PX, transform: `translateY(${start}px)` }}
            >
              {row.kind === "group" ? (
                <GroupRow group={row.group} isOpen={row.isOpen} shown={shown} now={now} />
              ) : (
                <EntryRow
                  entry={row.entry}
                  indented={row.indented}
                  lane={lanes.of(row.entry)}
                  lanes={lanes.count}
                  shown={shown}
                  now={now}
                />
              )}
            </div>
          );
        })}
      </div>
      <Tooltip place={scroller} rows={rows} now={now} />
    </div>
  );
}

/** Scrolls to the selected row once it is rendered, but not again after the user scrolled away. */
function useShownRow(rows: readonly Row[], chosen: Entry | undefined, show: (index: number) => void): void {
  const shown = useRef<string>(undefined);
  const key = chosen && keyOf(chosen);
  useEffect(() => {
    if (key === undefined) shown.current = undefined;
    if (key === undefined || key === shown.current) return;
    const index = rows.findIndex((row) => row.kind === "entry" && row.key === key);
    if (index < 0) return;
    shown.current = key;
    show(index);
  });
}

function rowFor(key: string, active: number | undefined, rows: number): number | undefined {
  if (rows === 0) return undefined;
  const inside = (row: number): number => Math.min(rows - 1, Math.max(0, row));
  switch (key) {
    case "ArrowDown":
      return active === undefined ? 0 : inside(active + 1);
    case "ArrowUp":
      return inside((active ?? 0) - 1);
    case "PageDown":
      return inside((active ?? 0) + 15);
    case "PageUp":
      return inside((active ?? 0) - 15);
    case "Home":
      return 0;
    case "End":
      return rows - 1;
    default:
      return undefined;
  }
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
