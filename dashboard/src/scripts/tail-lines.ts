/** Turns the messages of a tail, each an invocation in Cloudflare's format, into lines. Pure. */

export const LEVELS = ["debug", "info", "log", "warn", "error"] as const;

export type Level = (typeof LEVELS)[number];

export interface Line {
  /** Counts all that came, so that each has a key. */
  readonly n: number;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly level: Level;
  readonly text: string;
  /** Whose it is: `workflow/instance`; absent for what requests write. */
  readonly origin?: string;
}

/** So many are kept; older ones go. */
export const KEPT = 2_000;

interface TailEvent {
  readonly entrypoint?: string;
  readonly event?: {
    readonly type?: string;
    readonly message?: string;
    readonly request?: { readonly method: string; readonly url: string };
    readonly response?: { readonly status: number };
  } | null;
  readonly eventTimestamp: number;
  readonly outcome: string;
  readonly logs: readonly { readonly level: string; readonly message: readonly unknown[]; readonly timestamp: number }[];
  readonly exceptions: readonly {
    readonly name: string;
    readonly message: string;
    readonly stack?: string;
    readonly timestamp: number;
  }[];
}

/** How a request ended that was not answered. */
const WITHOUT_STATUS: Readonly<Record<string, string>> = {
  exception: "threw an exception",
  canceled: "was canceled",
  unknown: "was cut off",
};

/** The lines of a message, counted from `n`. */
export function linesOf(json: string, n: number): readonly Line[] {
  const { entrypoint, event, eventTimestamp, outcome, logs, exceptions } = JSON.parse(json) as TailEvent;
  const origin = entrypoint === undefined ? {} : { origin: entrypoint };
  const found: Omit<Line, "n">[] = [];
  if (event?.request !== undefined) {
    const { method, url } = event.request;
    const end = event.response?.status ?? WITHOUT_STATUS[outcome] ?? "";
    found.push({ time: eventTimestamp, level: "info", text: `${method} ${url} ${end}`.trimEnd() });
  }
  for (const { level, message, timestamp } of logs)
    found.push({
      time: timestamp,
      level: LEVELS.find((each) => each === level) ?? "log",
      text: message.map((part) => (typeof part === "string" ? part : JSON.stringify(part))).join(" "),
      ...origin,
    });
  for (const { name, message, stack = "", timestamp } of exceptions)
    found.push({ time: timestamp, level: "error", text: [`${name}: ${message}`, stack].filter(Boolean).join("\n"), ...origin });
  if (event?.type === "overload")
    found.push({ time: eventTimestamp, level: "warn", text: event.message ?? "Lines were dropped" });
  return found.map((line, i) => ({ ...line, n: n + i }));
}

/** What is shown: lines of this level or a graver one, that have the text in them. */
export function isWanted({ level, text, origin = "" }: Line, least: Level, wanted: string): boolean {
  if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return false;
  return wanted === "" || `${origin} ${text}`.toLowerCase().includes(wanted.toLowerCase());
}
