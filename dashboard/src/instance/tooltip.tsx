/** The tooltip of the waterfall, with exact times. It moves without a render of the rows. */
import { useEffect, useState, type RefObject } from "react";
import { spanText } from "../ui/time.tsx";
import { summaryOf, type Row } from "./rows.ts";
import type { Entry } from "./timeline.ts";

interface TooltipProps {
  /** In which rows have their number as `data-row`. */
  readonly place: RefObject<HTMLElement | null>;
  readonly rows: readonly Row[];
  readonly now: number;
}

interface Hovered {
  readonly row: number;
  readonly x: number;
  readonly y: number;
}

export function Tooltip({ place, rows, now }: TooltipProps) {
  const [hovered, setHovered] = useState<Hovered>();
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const onMove = (event: PointerEvent): void => {
      const row = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-row]") : null;
      const isDragged = event.buttons !== 0 || event.pointerType === "touch";
      setHovered(row === null || isDragged ? undefined : { row: Number(row.dataset["row"]), x: event.clientX, y: event.clientY });
    };
    const onLeave = (): void => setHovered(undefined);
    element.addEventListener("pointermove", onMove);
    element.addEventListener("pointerleave", onLeave);
    element.addEventListener("scroll", onLeave);
    return () => {
      element.removeEventListener("pointermove", onMove);
      element.removeEventListener("pointerleave", onLeave);
      element.removeEventListener("scroll", onLeave);
    };
  }, [place]);
  const row = hovered === undefined ? undefined : rows[hovered.row];
  if (hovered === undefined || row === undefined) return null;
  const isRight = hovered.x > innerWidth / 2;
  return (
    <div
      aria-hidden
      className="no-print pointer-events-none fixed z-20 max-w-sm rounded-md border border-line bg-panel px-2.5 py-1.5 text-xs shadow-lg"
      style={{
        top: Math.min(hovered.y + 14, innerHeight - 140),
        ...(isRight ? { right: innerWidth - hovered.x + 10 } : { left: hovered.x + 10 }),
      }}
    >
      <p className="font-medium break-words">{row.kind === "group" ? row.group.name : row.entry.name}</p>
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 tabular-nums">
        {(row.kind === "group" ? groupFacts(row, now) : entryFacts(row.entry, now)).map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-quiet">{name}</dt>
            <dd className="break-words">{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

type Fact = readonly [name: string, value: string];

function entryFacts({ type, start, end, state, attempts, error }: Entry, now: number): Fact[] {
  const isOpen = state === "running";
  const first = attempts[0]?.start;
  const failure = error ?? attempts.findLast((each) => each.error)?.error;
  return [
    ["Started", timeText(start)],
    [isOpen && type !== "step" ? "Until" : "Ended", end === null ? "–" : timeText(end)],
    ["Took", isOpen ? `${spanText(now - start)} so far` : spanText((end ?? now) - start)],
    ...(first !== undefined && first > start ? [["Queued", spanText(first - start)] as const] : []),
    ...(attempts.length > 1 ? [["Attempts", String(attempts.length)] as const] : []),
    ...(failure === undefined ? [] : [["Error", `${failure.name}: ${failure.message.slice(0, 200)}`] as const]),
  ];
}

function groupFacts({ group }: Extract<Row, { kind: "group" }>, now: number): Fact[] {
  const { start, end, p50, p95, failed, retried } = summaryOf(group, now);
  return [
    ["Steps", group.entries.length.toLocaleString()],
    ["First", timeText(start)],
    ["Last", timeText(end)],
    ["p50", spanText(p50)],
    ["p95", spanText(p95)],
    ["Failed", failed.toLocaleString()],
    ["Retried", retried.toLocaleString()],
  ];
}

const exact = new Intl.DateTimeFormat(undefined, {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "numeric",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});

function timeText(at: number): string {
  return exact.format(at);
}
