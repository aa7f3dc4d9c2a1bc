/** Messages of scripts as executors hand them on: with the time at which they arrived, and cut off where they are too long. */
import { LIMITS } from "../../model/limits.ts";
import { LOG_LEVELS, scriptOf } from "../../model/views/script-line.ts";
import type { ScriptVersion } from "../../ports/catalog/script-versions.ts";
import type { OnLog, ScriptInvocation, ScriptLine } from "../../ports/script-log.ts";
import type { Invocation } from "../../protocol/invocation.ts";
import { valuesOf } from "../../protocol/logged.ts";
import { originOf } from "../../protocol/origin.ts";

/** What is known of a message besides its text. */
type LineFacts = Pick<ScriptLine, "level"> & Partial<Pick<ScriptLine, "kind" | "version" | "origin" | "values">>;

/** A message that has arrived now. */
export function scriptLine(text: string, { kind = "console", ...facts }: LineFacts): ScriptLine {
  const kept = text.length > LIMITS.logLine ? `${text.slice(0, LIMITS.logLine - 1)}…` : text;
  return { time: Date.now(), kind, text: kept, ...facts };
}

/** An invocation that an isolate has reported now. */
export function saidInvocation({ id, ...known }: Invocation, version: ScriptVersion): ScriptInvocation {
  return { ...known, version, origin: { request: id }, time: Date.now() };
}

/** A message as an isolate has sent it, where user code can forge every field: what cannot be is left out. */
export function saidLine(
  text: unknown,
  { level, kind, origin, values }: Partial<Record<string, unknown>>,
  version: ScriptVersion,
): ScriptLine {
  const known = originOf(origin);
  const logged = valuesOf(values);
  return scriptLine(typeof text === "string" ? text : "", {
    level: LOG_LEVELS.find((each) => each === level) ?? "log",
    kind: kind === "exception" ? kind : "console",
    version,
    ...(known && { origin: known }),
    ...(logged && { values: logged }),
  });
}

/** Writes messages to where the process writes its own. */
export const writeLine: OnLog = (line) => {
  const stream = line.level === "error" || line.level === "warn" ? process.stderr : process.stdout;
  stream.write(`[${scriptOf(line)}] ${line.text}\n`);
};
