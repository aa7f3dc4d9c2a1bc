/** The minimap: activity and failures over the whole time, and the visible range. */
import { useEffect, useRef, type PointerEvent } from "react";
import { hasFailed, type Entry } from "./timeline.ts";
import type { TimeWindow } from "./window.ts";

const HEIGHT_PX = 40;

/** A failure takes so much of the height, however much went on beside it: it has to be seen. */
const FAILED = 0.6;

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
    const element = canvas.current;
    if (element === null) return;
    const again = (): void => draw(element, entries, all);
    again();
    const size = new ResizeObserver(again);
    size.observe(element);
    const theme = new MutationObserver(again);
    theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      size.disconnect();
      theme.disconnect();
    };
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
      title="Drag to select a range, double-click to show all"
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
      <canvas ref={canvas} className="block h-10 w-full" aria-hidden />
      <div
        aria-hidden
        className="pointer-events-none absolute inset-y-0 border-x border-accent bg-accent/10"
        style={{ left: `${left}%`, width: `${width}%` }}
      />
    </div>
  );
}

/** A column a pixel: how much went on, and whether some of it failed. Beginnings and ends are counted, and summed up once. */
function draw(canvas: HTMLCanvasElement, entries: readonly Entry[], all: TimeWindow): void {
  const context = canvas.getContext("2d");
  const width = canvas.clientWidth;
  if (context === null || width === 0) return;
  canvas.width = width;
  canvas.height = HEIGHT_PX;
  const [busy, failed] = [new Int32Array(width + 1), new Int32Array(width + 1)];
  const scale = width / (all.to - all.from);
  const column = (at: number): number => Math.min(width - 1, Math.max(0, Math.floor(scale * (at - all.from))));
  for (const entry of entries) {
    if (entry.type === "sleep" || entry.type === "waitForEvent") continue;
    const from = column(entry.start);
    const after = column(entry.end ?? all.to) + 1;
    busy[from] = (busy[from] ?? 0) + 1;
    busy[after] = (busy[after] ?? 0) - 1;
    if (!hasFailed(entry)) continue;
    failed[from] = (failed[from] ?? 0) + 1;
    failed[after] = (failed[after] ?? 0) - 1;
  }
  for (let x = 1; x < width; x += 1) {
    busy[x] = (busy[x] ?? 0) + (busy[x - 1] ?? 0);
    failed[x] = (failed[x] ?? 0) + (failed[x - 1] ?? 0);
  }
  const most = busy.subarray(0, width).reduce((high, each) => Math.max(high, each), 1);
  const style = getComputedStyle(canvas);
  const paint = (colour: string, heightAt: (x: number) => number): void => {
    context.fillStyle = style.getPropertyValue(colour);
    for (let x = 0; x < width; x += 1) {
      const height = (HEIGHT_PX - 4) * heightAt(x);
      if (height > 0) context.fillRect(x, HEIGHT_PX - height, 1, height);
    }
  };
  paint("--good", (x) => Math.sqrt((busy[x] ?? 0) / most));
  paint("--bad", (x) => ((failed[x] ?? 0) > 0 ? FAILED : 0));
}
