/** Output, errors and invocations of scripts: they go to the owner of the executor, one message at a time. */
import type { ScriptVersion } from "./catalog/script-versions.ts";
import type { LogKind, LogLevel } from "../model/views/script-line.ts";
import type { Invocation } from "../protocol/invocation.ts";
import type { Origin } from "../protocol/origin.ts";

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

/** The scripts whose invocations are followed: those of other scripts need not be reported. */
export interface Followed {
  has(script: string): boolean;
  /** Calls `heard` when that may have changed for a script. */
  onChange(heard: (script: string) => void): void;
}
