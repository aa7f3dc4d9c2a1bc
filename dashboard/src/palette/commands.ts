/**
 * Commands of the palette, which may have a shortcut. Pages register theirs with `useCommands`; the others exist on every page.
 * A shortcut is one letter, or two in sequence like `g w`.
 */
import { useEffect, useRef } from "react";

export interface Command {
  readonly name: string;
  /** `c`, `g w`. Never needed: a command without keys is found by its name. */
  readonly keys?: string;
  readonly run: () => void;
}

const offered = new Map<symbol, readonly Command[]>();

/** Offers commands for as long as the page is there. They may be made anew at each rendering. */
export function useCommands(commands: readonly Command[]): void {
  const key = useRef(Symbol("commands"));
  useEffect(() => {
    offered.set(key.current, commands);
  });
  useEffect(() => {
    const own = key.current;
    return () => void offered.delete(own);
  }, []);
}

/** Those that are offered now; what was offered last comes first. */
export function commands(): readonly Command[] {
  return [...offered.values()].toReversed().flat();
}
