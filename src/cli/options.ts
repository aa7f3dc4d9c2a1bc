/** The options that starting a server takes, whichever command starts it. */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { UsageError } from "./explain.ts";

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly accountId: string;
  readonly drainMs: number;
  readonly logFormat: "pretty" | "json";
  readonly logLevel: "debug" | "info" | "warn";
  /** As given; each command has a default of its own. */
  readonly data: string | undefined;
  readonly positionals: readonly string[];
}

const OPTIONS = {
  data: { type: "string" },
  host: { type: "string", default: "127.0.0.1" },
  port: { type: "string", default: "8787" },
  account: { type: "string", default: "local" },
  "drain-seconds": { type: "string", default: "10" },
  "log-format": { type: "string", default: "pretty" },
  verbose: { type: "boolean", default: false },
  quiet: { type: "boolean", default: false },
} as const satisfies ParseArgsConfig["options"];

/** Reads the command line of a command that starts a server. Throws a `UsageError`, or what `parseArgs` throws. */
export function readServerOptions(args: readonly string[]): ServerOptions {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const logFormat = values["log-format"];
  if (logFormat !== "pretty" && logFormat !== "json") throw new UsageError(`--log-format is pretty or json, not "${logFormat}"`);
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(values.account)) throw new UsageError("--account takes 1 to 32 letters, digits, _ and -");
  return {
    host: values.host,
    port: wholeNumber("--port", values.port, 65_535),
    accountId: values.account,
    drainMs: wholeNumber("--drain-seconds", values["drain-seconds"], 3_600) * 1_000,
    logFormat,
    logLevel: levelOf(values.quiet, values.verbose),
    data: values.data,
    positionals,
  };
}

function levelOf(quiet: boolean, verbose: boolean): ServerOptions["logLevel"] {
  if (quiet) return "warn";
  return verbose ? "debug" : "info";
}

function wholeNumber(option: string, text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= max) return value;
  throw new UsageError(`${option} takes a whole number up to ${max}, not "${text}"`);
}
