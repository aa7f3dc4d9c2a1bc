/** The options of all commands that start a server. */
import type { ParseArgsConfig } from "node:util";
import { defaultOptions, type ServerOptions } from "../assembly/server-options.ts";
import type { EngineSettings } from "../engine/state/settings.ts";
import { isHostName } from "../model/platform/host-name.ts";
import { ADOPTIONS, type Adoption } from "../workers/versions/policy.ts";
import { isAddressRange } from "../server/address.ts";
import { commandLine, type OptionValues, parsedAs } from "./command-line.ts";
import { hyperdriveStrings } from "./hyperdrive.ts";
import { UsageError } from "../assembly/explain.ts";

/** The highest value that a limit may be given. */
const MAX_LIMIT = 1_000_000_000;

/** The least memory of a process of workerd, in MiB. One that runs nothing takes about 90, and half is when it is full. */
const LEAST_MEMORY_MIB = 512;

const TEXTS = [
  "data",
  "host",
  "port",
  "account",
  "adopt-ids",
  "executor",
  "worker-memory",
  "hang-after",
  "park-after",
  "drain-seconds",
  "max-running",
  "max-queued",
  "create-rate",
  "create-rate-per-workflow",
  "smtp",
  "log-format",
] as const;
const LISTS = ["allow-network", "trusted-proxy", "host-name", "hyperdrive"] as const;
const FLAGS = ["strict", "verbose", "quiet"] as const;

/** Values as they were given. */
export type ServerValues = OptionValues<(typeof TEXTS)[number], (typeof LISTS)[number], (typeof FLAGS)[number]>;

/** The options, as `parseArgs` takes them. */
export const SERVER_OPTIONS: NonNullable<ParseArgsConfig["options"]> = parsedAs(TEXTS, LISTS, FLAGS);

/** Reads the command line of a command that starts a server. Throws a `UsageError`, or what `parseArgs` throws. */
export function readServerOptions(args: readonly string[]): ServerOptions {
  const { values, positionals } = commandLine({ args: [...args], options: SERVER_OPTIONS, allowPositionals: true });
  return serverOptions(values, positionals);
}

/** What the values of the options mean. Throws a `UsageError`. */
export function serverOptions(values: ServerValues, positionals: readonly string[]): ServerOptions {
  const defaults = defaultOptions();
  const { "log-format": logFormat = defaults.logFormat, executor = defaults.executor, account = defaults.accountId } = values;
  const { "drain-seconds": drain, "hang-after": hang, "worker-memory": memory, "adopt-ids": adopts } = values;
  if (logFormat !== "pretty" && logFormat !== "json") throw new UsageError(`--log-format is pretty or json, not "${logFormat}"`);
  if (executor !== "node" && executor !== "workerd") throw new UsageError(`--executor is node or workerd, not "${executor}"`);
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(account)) throw new UsageError("--account takes 1 to 32 letters, digits, _ and -");
  return {
    host: values.host ?? defaults.host,
    port: values.port === undefined ? defaults.port : wholeNumber("--port", values.port, 65_535),
    accountId: account,
    drainMs: drain === undefined ? defaults.drainMs : wholeNumber("--drain-seconds", drain, 3_600) * 1_000,
    settings: {
      ...parkAfter(values["park-after"]),
      ...limit("maxRunning", "--max-running", values["max-running"]),
      ...limit("maxQueued", "--max-queued", values["max-queued"]),
      ...limit("createRate", "--create-rate", values["create-rate"]),
      ...limit("createRatePerWorkflow", "--create-rate-per-workflow", values["create-rate-per-workflow"]),
    },
    executor,
    hangAfterMs: hang === undefined ? defaults.hangAfterMs : atLeastOne("--hang-after", hang),
    workerMemoryMiB: memory === undefined ? defaults.workerMemoryMiB : workerMemory(memory),
    network: (values["allow-network"] ?? []).map(networkRange),
    proxies: (values["trusted-proxy"] ?? []).map(proxyRange),
    policy: { isStrict: values.strict === true, adopts: adopts === undefined ? defaults.policy.adopts : adoption(adopts) },
    hostNames: hostNamesOf(values["host-name"] ?? []),
    hyperdrive: hyperdriveStrings(values.hyperdrive ?? [], process.env),
    ...smtpServer(values.smtp ?? process.env["STEPWELL_SMTP"]),
    logFormat,
    logLevel: levelOf(values.quiet === true, values.verbose === true),
    data: values.data,
    positionals,
  };
}

/** It has a password: the message has no part of it. */
function smtpServer(text: string | undefined): Pick<ServerOptions, "smtp"> {
  if (text === undefined) return {};
  const { protocol, hostname } = URL.canParse(text) ? new URL(text) : { protocol: "", hostname: "" };
  if (/^smtps?:$/.test(protocol) && hostname !== "") return { smtp: text };
  throw new UsageError("--smtp takes the address of a server like smtp://user:password@host:587");
}

function adoption(given: string): Adoption {
  const found = ADOPTIONS.find((each) => each === given);
  if (found === undefined) throw new UsageError(`--adopt-ids is ${ADOPTIONS.join(", ")}, not "${given}"`);
  return found;
}

function hostNamesOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const [, name = "", script = ""] = /^([^=]+)=([a-z0-9][a-z0-9_-]*)$/.exec(text) ?? [];
      if (!isHostName(name.toLowerCase()))
        throw new UsageError(`--host-name takes NAME=SCRIPT, such as shop.example.com=shop, not "${text}"`);
      return [name.toLowerCase(), script];
    }),
  );
}

function levelOf(quiet: boolean, verbose: boolean): ServerOptions["logLevel"] {
  if (quiet) return "warn";
  return verbose ? "debug" : "info";
}

function limit(name: keyof EngineSettings, option: string, text: string | undefined): Partial<EngineSettings> {
  return text === undefined ? {} : { [name]: atLeastOne(option, text) };
}

function parkAfter(text: string | undefined): Partial<EngineSettings> {
  return text === undefined ? {} : { parkAfterMs: wholeNumber("--park-after", text, MAX_LIMIT) };
}

function workerMemory(text: string): number {
  const memoryMiB = wholeNumber("--worker-memory", text, MAX_LIMIT);
  if (memoryMiB >= LEAST_MEMORY_MIB) return memoryMiB;
  throw new UsageError(`--worker-memory takes at least ${LEAST_MEMORY_MIB} MiB, not "${text}"`);
}

function proxyRange(text: string): string {
  if (isAddressRange(text)) return text;
  throw new UsageError(`--trusted-proxy takes an address or a range such as 10.1.0.0/16, not "${text}"`);
}

/** In the words of workerd. */
function networkRange(text: string): string {
  if (text === "public" || text === "private" || (text.includes("/") && isAddressRange(text))) return text;
  throw new UsageError(`--allow-network takes public, private or a range such as 10.1.0.0/16, not "${text}"`);
}

/** None at all would stop everything. */
function atLeastOne(option: string, text: string): number {
  const value = wholeNumber(option, text, MAX_LIMIT);
  if (value === 0) throw new UsageError(`${option} takes a whole number of at least 1, not "0"`);
  return value;
}

/** Throws a `UsageError` when it is none, or a larger one. */
export function wholeNumber(option: string, text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= max) return value;
  throw new UsageError(`${option} takes a whole number up to ${max}, not "${text}"`);
}
