/** Gestures of the waterfall: Ctrl and wheel or pinch zoom, dragging moves. */
import { useEffect, useRef, type PointerEvent, type RefObject } from "react";

/** Zooms by a factor around a share of the width. React's own listeners cannot keep the page from being zoomed as well. */
export function useWheelZoom(place: RefObject<HTMLElement | null>, zoomBy: (share: number, factor: number) => void): void {
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
export function useDrag(moveBy: (share: number) => void) {
  const at = useRef<number>(undefined);
  return {
    onPointerDown: ({ clientX, button, pointerType }: PointerEvent) => {
      // A finger scrolls.
      if (button === 0 && pointerType !== "touch") at.current = clientX;
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
