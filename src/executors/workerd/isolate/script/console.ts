/**
 * What a script writes, marked: all scripts of a process share its output, so every message begins with a mark that tells
 * the host whose it is, how it was written and what it belongs to, and ends with another. workerd lays messages out
 * itself, so that nothing here need know how.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { stackOf } from "../../../../model/values/thrown.ts";
import { loggedValues } from "../../../../protocol/logged.ts";
import type { Origin } from "../../../../protocol/origin.ts";
import { OpenInvocation, type InvocationLog } from "../../../../runtime/handlers/invocation.ts";
import { endOf, markOf, type Marked } from "../../output/marks.ts";

declare function addEventListener(type: "unhandledrejection", listener: (event: { readonly reason: unknown }) => void): void;

/** The scope of all user code of the isolate. */
export const scope: AsyncLocalStorage<Origin> = new AsyncLocalStorage();

/** Those that workerd has; to the others it does not listen. */
const METHODS = ["debug", "error", "info", "log", "warn"] as const;

/** Marks what goes through the console. Answers how to write what user code has thrown, and what is known of invocations. */
export function markConsole(key: string): InvocationLog {
  const end = endOf(key);
  // One stream for all of them: what is written on two comes in any order.
  const write = console.log.bind(console) as (...parts: unknown[]) => void;
  const mark = (about: Omit<Marked, "origin" | "invocation">): string => {
    const origin = scope.getStore();
    const invocation = origin instanceof OpenInvocation ? origin.introduce() : undefined;
    return markOf(key, { ...about, origin, invocation });
  };
  for (const level of METHODS) {
    console[level] = (...parts: unknown[]): void => {
      const [first, ...rest] = parts;
      const isApart = typeof first !== "string";
      const begin = mark({ level, kind: "console", values: loggedValues(parts), isApart });
      if (isApart) write(begin, ...parts, end);
      else if (rest.length === 0) write(`${begin}${first} ${end}`);
      else write(begin + withPlaces(first, rest.length), ...rest, end);
    };
  }
  const reportThrown = (stack: string): void => {
    write(`${mark({ level: "error", kind: "exception", isApart: false })}${stack} ${end}`);
  };
  const report: InvocationLog["report"] = (invocation) => {
    write(`${markOf(key, { level: "log", kind: "none", origin: undefined, invocation, isApart: false })} ${end}`);
  };
  addEventListener("unhandledrejection", ({ reason }) => reportThrown(stackOf(reason)));
  return { scope, reportThrown, report };
}

/** A format with places for so many values and no more: the mark at the end is not to be taken for one. */
function withPlaces(format: string, values: number): string {
  let left = values;
  return format.replaceAll(/%[sdifjoOc%]/g, (place) => {
    if (place === "%%") return place;
    left -= 1;
    return left < 0 ? `%${place}` : place;
  });
}
