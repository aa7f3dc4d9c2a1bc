/** What stands before and after each message of a script in the output of its process. */
import type { Invocation } from "../../../protocol/invocation.ts";
import type { Origin } from "../../../protocol/origin.ts";
import type { LogKind, LogLevel } from "../../../model/views/script-line.ts";

/** On both sides of what a mark says. */
const EDGE = "\u0001";

/** What a mark says besides whose message it is. */
export interface Marked {
  readonly level: LogLevel;
  /** `none`: there is no message, only what the mark says. */
  readonly kind: LogKind | "none";
  readonly origin: Origin | undefined;
  /** What is known of the invocation that it comes from, where that is to be said. */
  readonly invocation?: Invocation | undefined;
  /** What it says as values, in JSON; absent where that is the text. */
  readonly values?: string | undefined;
  /** True when a space follows that is not the message's. */
  readonly isApart: boolean;
}

/** The mark of a message. The console is to find no format in it. */
export function markOf(key: string, marked: Marked): string {
  return `${EDGE}${key}${EDGE}${JSON.stringify(marked).replaceAll("%", String.raw`\u0025`)}${EDGE}`;
}

/** The end of a message, which a space comes before. */
export function endOf(key: string): string {
  return EDGE + key;
}

/** A line of output that begins with a mark; `says` is JSON. Undefined when it does not. */
export function readMark(line: string): { readonly key: string; readonly says: string; readonly text: string } | undefined {
  const [before, key, says, ...text] = line.split(EDGE);
  return before === "" && key !== undefined && says !== undefined && text.length > 0
    ? { key, says, text: text.join(EDGE) }
    : undefined;
}

/** What a mark says. User code of the isolate can read its key and forge one: nothing is sure about what is in it. */
export function markedIn(says: string): Partial<Record<keyof Marked, unknown>> {
  try {
    return (JSON.parse(says) as object | null) ?? {};
  } catch {
    return {};
  }
}
