/** Reads hotkeys from a terminal, as `wrangler dev` does. */
import type { Readable } from "node:stream";

/** What a key does, by its letter. */
export type Hotkeys = Readonly<Record<string, Hotkey>>;

export interface Hotkey {
  readonly label: string;
  readonly act: () => void;
}

/** A terminal's input. */
export type Keyboard = Pick<Readable, "on" | "off" | "resume" | "pause"> & {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
};

/** Raw input has no signals: these are theirs. */
const INTERRUPT = "\u0003";
const END = "\u0004";

/** The keys in a line. */
export function legend(keys: Hotkeys): string {
  return Object.entries(keys)
    .map(([key, { label }]) => `[${key}] ${label}`)
    .join("  ");
}

/** Listens until the function that it answers is called; undefined where there is no terminal. `x`, `q` and Ctrl-C are `exit`. */
export function listenToKeys(input: Keyboard, keys: Hotkeys, exit: () => void): (() => void) | undefined {
  if (input.isTTY !== true || input.setRawMode === undefined) return undefined;
  const heard = (data: Buffer | string): void => {
    for (const key of data.toString().toLowerCase()) {
      if (key === INTERRUPT || key === END || key === "q" || key === "x") exit();
      else if (Object.hasOwn(keys, key)) keys[key]?.act();
    }
  };
  input.setRawMode(true);
  input.on("data", heard);
  input.resume();
  return () => {
    input.off("data", heard);
    input.setRawMode?.(false);
    input.pause();
  };
}
