/** What instances write to the console of this process, taken out of it. Whatever is no instance goes on writing there. */
import { AsyncLocalStorage } from "node:async_hooks";
import { format } from "node:util";
import type { Origin } from "../../protocol/origin.ts";
import type { LogLevel } from "../../model/views/script-line.ts";

/** Takes a message. */
export type Hear = (text: string, level: LogLevel, origin: Origin) => void;

const LEVELS = ["debug", "log", "info", "warn", "error"] as const;

/** Who listens, each to its own scope. */
const listeners = new Map<AsyncLocalStorage<Origin>, Hear>();

let restore: (() => void) | undefined;

/** A scope, of which everything that is written in it is heard. */
export function hearScope(hear: Hear): AsyncLocalStorage<Origin> {
  const scope = new AsyncLocalStorage<Origin>();
  listeners.set(scope, hear);
  restore ??= patch();
  return scope;
}

/** Leaves a scope. The console is restored when no scope is left. */
export function leaveScope(scope: AsyncLocalStorage<Origin>): void {
  if (!listeners.delete(scope) || listeners.size > 0) return;
  restore?.();
  restore = undefined;
}

function patch(): () => void {
  const before = LEVELS.map((level) => [level, console[level]] as const);
  for (const [level, write] of before) {
    console[level] = (...parts: unknown[]): void => {
      for (const [scope, hear] of listeners) {
        const origin = scope.getStore();
        if (origin !== undefined) return hear(format(...parts), level, origin);
      }
      write.apply(console, parts);
    };
  }
  return () => {
    for (const [level, write] of before) console[level] = write;
  };
}
