/** What scripts write: it goes to whoever started the executor, a line at a time, with the name of the script beside it. */

/** `error` for what goes to standard error, `info` for the rest. */
export type LogLevel = "info" | "error";

/** Takes a line that a script has written, or that is about it. */
export type OnLog = (script: string, line: string, level: LogLevel) => void;

/** The line as people read it. */
export function named(script: string, line: string): string {
  return `[${script}] ${line}`;
}

/** Writes lines to where the process writes its own. */
export const writeLine: OnLog = (script, line, level) => {
  (level === "error" ? process.stderr : process.stdout).write(`${named(script, line)}\n`);
};
