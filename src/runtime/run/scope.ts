/**
 * Remembers what user code belongs to, across everything that it awaits and sets going. Nothing looks at it unless the code
 * writes something, but to remember has its price in workerd: some 10 us of CPU an attempt (20 to 31 us a step at 100x100).
 */
import type { Origin } from "../../protocol/origin.ts";

/** As `AsyncLocalStorage` has it, which each isolate brings along. */
export interface Scope {
  run<A, T>(origin: Origin, work: (argument: A) => T, argument: A): T;
}

/** Remembers nothing. */
export const noScope: Scope = { run: (_, work, argument) => work(argument) };
