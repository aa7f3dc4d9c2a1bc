/** What scripts write and throw, and what they are called for: it goes to whoever started the executor, a message at a time. */
import { LIMITS } from "../model/limits.ts";
import { valuesOf } from "../protocol/logged.ts";
import type { Invocation, InvocationEvent, InvocationOutcome } from "../protocol/invocation.ts";
import { originOf, type Origin } from "../protocol/origin.ts";
import type { ScriptVersion } from "./catalog/script-versions.ts";

/** Levels by weight, the lightest first. */
export const LOG_LEVELS = ["debug", "log", "info", "warn", "error"] as const;

/** The console's method that a message was written with. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `exception` for what user code has thrown; the text is its stack then. */
export type LogKind = "console" | "exception";

/** One message, which may have several lines of text. */
export interface ScriptLine {
  /** Epoch milliseconds at which it arrived. */
  readonly time: number;
  readonly level: LogLevel;
  readonly kind: LogKind;
  /** As the platform lays it out; at most `LIMITS.logLine` characters. Places in it are those of the code as it runs. */
  readonly text: string;
  /** What was logged, as values; absent where that is the text. */
  readonly values?: readonly unknown[];
  /** Absent for what the executor's own process writes. */
  readonly version?: ScriptVersion;
  /** Absent where it is not known: at the top level of a module, say. */
  readonly origin?: Origin;
}

/** Takes a message of a script, or one that is about it. */
export type OnLog = (line: ScriptLine) => void;

/** What is known of an invocation of a script: said before its first message, and once more when it has ended. */
export interface ScriptInvocation extends Omit<Invocation, "id"> {
  readonly version: ScriptVersion;
  /** That of its messages. */
  readonly origin: Origin;
  /** Epoch milliseconds at which that was said. */
  readonly time: number;
}

/** Takes what is known of an invocation. */
export type OnInvocation = (invocation: ScriptInvocation) => void;

/** The scripts whose invocations somebody follows: those of others need not be told of. */
export interface Followed {
  has(script: string): boolean;
  /** Calls `heard` when that may have changed for a script. */
  onChange(heard: (script: string) => void): void;
}

export type { InvocationEvent, InvocationOutcome, Origin };

/** What is known of a message besides its text. */
export type LineFacts = Pick<ScriptLine, "level"> & Partial<Pick<ScriptLine, "kind" | "version" | "origin" | "values">>;

/** A message that has arrived now. */
export function scriptLine(text: string, { kind = "console", ...facts }: LineFacts): ScriptLine {
  const kept = text.length > LIMITS.logLine ? `${text.slice(0, LIMITS.logLine - 1)}…` : text;
  return { time: Date.now(), kind, text: kept, ...facts };
}

/** An invocation as an isolate has told of it now. */
export function saidInvocation({ id, ...known }: Invocation, version: ScriptVersion): ScriptInvocation {
  return { ...known, version, origin: { request: id }, time: Date.now() };
}

/** A message as an isolate has sent it, where user code has a hand in everything: what cannot be is left out. */
export function saidLine(
  text: unknown,
  { level, kind, origin, values }: Partial<Record<string, unknown>>,
  version: ScriptVersion,
): ScriptLine {
  const known = originOf(origin);
  const logged = valuesOf(values);
  return scriptLine(String(text), {
    level: LOG_LEVELS.find((each) => each === level) ?? "log",
    kind: kind === "exception" ? kind : "console",
    version,
    ...(known && { origin: known }),
    ...(logged && { values: logged }),
  });
}

/** The name of the script that wrote it. */
export function scriptOf({ version }: Pick<ScriptLine, "version">): string {
  return version?.script ?? "workerd";
}

/** Writes messages to where the process writes its own. */
export const writeLine: OnLog = (line) => {
  const stream = line.level === "error" || line.level === "warn" ? process.stderr : process.stdout;
  stream.write(`[${scriptOf(line)}] ${line.text}\n`);
};
