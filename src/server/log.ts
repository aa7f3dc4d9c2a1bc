/** The log for people and for machines: readable lines on a terminal, or pino's JSON. Neither carries payloads or secrets. */
import { styleText } from "node:util";
import { pino } from "pino";
import type { Log, LogFields } from "../ports/log.ts";

/** How to log. */
export interface LogOptions {
  readonly format: "pretty" | "json";
  /** Nothing below this level is said. */
  readonly level: "debug" | "info" | "warn" | "error";
}

const LEVELS = ["debug", "info", "warn", "error"] as const;

const COLOURS = { debug: "gray", info: "green", warn: "yellow", error: "red" } as const;

/** A log that writes to the standard error stream, so that the standard output has nothing but answers. */
export function createLog({ format, level }: LogOptions): Log {
  if (format === "json") {
    const logger = pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
    return {
      debug: (message, fields) => logger.debug(fields ?? {}, message),
      info: (message, fields) => logger.info(fields ?? {}, message),
      warn: (message, fields) => logger.warn(fields ?? {}, message),
      error: (message, fields) => logger.error(fields ?? {}, message),
    };
  }
  const write = (at: (typeof LEVELS)[number]) => (message: string, fields?: LogFields) => {
    if (LEVELS.indexOf(at) >= LEVELS.indexOf(level)) process.stderr.write(line(at, message, fields));
  };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

function line(level: (typeof LEVELS)[number], message: string, fields: LogFields = {}): string {
  const time = styleText("gray", new Date().toTimeString().slice(0, 8), { stream: process.stderr });
  const mark = styleText(COLOURS[level], level === "info" ? "•" : level, { stream: process.stderr });
  const details = Object.entries(fields).map(([name, value]) => ` ${name}=${String(value)}`);
  return `${time} ${mark} ${message}${styleText("gray", details.join(""), { stream: process.stderr })}\n`;
}
