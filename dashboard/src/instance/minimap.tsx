/** All of the time, small: where something happened, where it failed, and which part is shown below. */
import { useEffect, useRef, type PointerEvent } from "react";
import type { Entry } from "./timeline.ts";
import type { TimeWindow } from "./window.ts";

const HEIGHT_PX = 36;

interface MinimapProps {
  readonly entries: readonly Entry[];
  readonly all: TimeWindow;
  readonly shown: TimeWindow;
  readonly onMove: (next: TimeWindow) => void;
}

export function Minimap({ entries, all, shown, onMove }: MinimapProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const begun = useRef<number>(undefined);

  useEffect(() => {
    if (canvas.current !== null) draw(canvas.current, entries, all);
  }, [entries, all]);

  const momentAt = ({ clientX, currentTarget }: PointerEvent): number => {
    const { left, width } = currentTarget.getBoundingClientRect();
    return all.from + ((clientX - left) / width) * (all.to - all.from);
  };
  const left = (100 * (shown.from - all.from)) / (all.to - all.from);
  const width = (100 * (shown.to - shown.from)) / (all.to - all.from);
  return (
    <div
      className="no-print relative cursor-crosshair touch-none border-b border-line select-none"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        begun.current = momentAt(event);
      }}
      onPointerMove={(event) => {
        if (begun.current === undefined) return;
        const at = momentAt(event);
        const [from, to] = at < begun.current ? [at, begun.current] : [begun.current, at];
        if (to - from > 1) onMove({ from: Math.max(all.from, from), to: Math.min(all.to, to) });
      }}
      onPointerUp={() => (begun.current = undefined)}
      onDoubleClick={() => onMove(all)}
    >
      <canvas ref={canvas} height={HEIGHT_PX} className="block h-9 w-full" aria-hidden />
      <div
        aria-hidden
        className="pointer-events-none absolute inset-y-0 border-x border-accent bg-accent/10"
        style={{ left: `${left}%`, width: `${width}%` }}
      />
    </div>
  );
}

/** A column a pixel: how much went on, and whether some of it failed. */
function draw(canvas: HTMLCanvasElement, entries: readonly Entry[], all: TimeWindow): void {
  const context = canvas.getContext("2d");
  const width = canvas.clientWidth;
  if (context === null || width === 0) return;
  canvas.width = width;
  const busy = new Float64Array(width);
  const failed = new Uint8Array(width);
  const column = (at: number): number =>
    Math.min(width - 1, Math.max(0, Math.floor((width * (at - all.from)) / (all.to - all.from))));
  for (const { start, end, state, type } of entries) {
    if (type === "sleep" || type === "waitForEvent") continue;
    const to = column(end ?? all.to);
    for (let x = column(start); x <= to; x += 1) {
      busy[x] = (busy[x] ?? 0) + 1;
      if (state === "errored") failed[x] = 1;
    }
  }
  const most = busy.reduce((high, each) => Math.max(high, each), 1);
  const style = getComputedStyle(canvas);
  const [good, bad] = [style.getPropertyValue("--good"), style.getPropertyValue("--bad")];
  for (let x = 0; x < width; x += 1) {
    const height = (HEIGHT_PX - 4) * Math.sqrt((busy[x] ?? 0) / most);
    if (height === 0) continue;
    context.fillStyle = failed[x] === 1 ? bad : good;
    context.fillRect(x, HEIGHT_PX - height, 1, height);
  }
}
