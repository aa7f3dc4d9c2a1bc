/** The command line of `stepwell dev`: a server's options, and those of `wrangler dev`. */
import { existsSync, statSync } from "node:fs";
import { isIP } from "node:net";
import { dirname, resolve } from "node:path";
import type { ParseArgsConfig } from "node:util";
import type { ProjectSource } from "../../assembly/project.ts";
import type { OriginOptions, ProjectOptions } from "../../workers/config/project.ts";
import { isLoopback } from "../../server/workers/trusted-hosts.ts";
import { commandLine, type OptionValues, parsedAs } from "../command-line.ts";
import { UsageError } from "../../assembly/explain.ts";
import type { ServerOptions } from "../../assembly/server-options.ts";
import { SERVER_OPTIONS, serverOptions, wholeNumber, type ServerValues } from "../options.ts";
import { asParsed, logLevelOf, notesOnOptions, WRANGLER_OPTIONS } from "./wrangler-options.ts";

export interface DevOptions {
  readonly server: ServerOptions;
  /** The first is the primary Worker, which requests to the port are for. */
  readonly projects: readonly [ProjectSource, ...ProjectSource[]];
  /** What the primary project's configuration may decide: true when the command line does not. */
  readonly isFree: { readonly host: boolean; readonly port: boolean; readonly protocol: boolean };
  /** Where debuggers connect; what is not asked for may fail. */
  readonly inspector: { readonly host: string; readonly port?: number; readonly isAsked: boolean };
  /** Whether keys are listened to where there is a terminal. */
  readonly isInteractive: boolean;
  /** What is to be said of options that have no effect. */
  readonly notes: readonly string[];
}

const TEXTS = [
  "env",
  "ip",
  "persist-to",
  "tsconfig",
  "compatibility-date",
  "name",
  "assets",
  "cwd",
  "jsx-factory",
  "jsx-fragment",
  "inspector-port",
  "inspector-ip",
  "log-level",
  "local-protocol",
  "local-upstream",
  "upstream-protocol",
  "https-key-path",
  "https-cert-path",
] as const;
const LISTS = [
  "config",
  "var",
  "define",
  "alias",
  "compatibility-flags",
  "compatibility-flag",
  "env-file",
  "routes",
  "route",
] as const;
const FLAGS = ["minify", "bundle", "https", "infer-origin-from-routes", "show-interactive-dev-session"] as const;

const OPTIONS: NonNullable<ParseArgsConfig["options"]> = {
  ...SERVER_OPTIONS,
  ...WRANGLER_OPTIONS,
  ...parsedAs(TEXTS, LISTS, FLAGS),
  config: { type: "string", multiple: true, short: "c" },
  env: { type: "string", short: "e" },
};

/** Values as they were given. */
type DevValues = ServerValues & OptionValues<(typeof TEXTS)[number], (typeof LISTS)[number], (typeof FLAGS)[number]>;

/** Reads it. Throws a `UsageError`, or what `parseArgs` throws. */
export function readDevOptions(args: readonly string[]): DevOptions {
  const { values: given, positionals } = commandLine({
    args: asParsed(args, OPTIONS),
    options: OPTIONS,
    allowPositionals: true,
    allowNegative: true,
  });
  const values = given as DevValues;
  const notes = notesOnOptions(given);
  if (positionals.length > 1) throw new UsageError(`stepwell dev takes one folder, not ${positionals.length}`);
  const { ip, port } = values;
  return {
    server: serverOf(values, positionals),
    projects: projectsOf(values, positionals[0]),
    isFree: { host: ip === undefined, port: port === undefined, protocol: localProtocolOf(values) === undefined },
    inspector: inspectorOf(values),
    isInteractive: values["show-interactive-dev-session"] !== false,
    notes,
  };
}

function serverOf({ host: _seen, ...values }: DevValues, positionals: readonly string[]): ServerOptions {
  const { ip } = values;
  const data = values.data ?? values["persist-to"];
  const level = values["log-level"];
  const own = { ...(ip !== undefined && { host: ip }), ...(data !== undefined && { data }) };
  const server = serverOptions({ ...values, ...own }, positionals);
  return {
    ...server,
    ...tlsOf(values),
    ...(level !== undefined && { logLevel: logLevelOf(level) }),
    ...(data !== undefined && { data: resolve(values.cwd ?? ".", data) }),
  };
}

function tlsOf(values: DevValues): Pick<ServerOptions, "tls"> {
  const { "https-key-path": key, "https-cert-path": certificate, cwd = "." } = values;
  if (localProtocolOf(values) !== "https") return {};
  if (key === undefined && certificate === undefined) return { tls: "self-signed" };
  if (key === undefined || certificate === undefined)
    throw new UsageError(
      "--https-key-path and --https-cert-path must be given together; without both, a self-signed certificate is created",
    );
  return { tls: { key: resolve(cwd, key), certificate: resolve(cwd, certificate) } };
}

function localProtocolOf({ https: isTls, "local-protocol": given }: DevValues): "http" | "https" | undefined {
  return protocolOf("--local-protocol", given ?? (isTls === true ? "https" : undefined));
}

function protocolOf(option: string, text: string | undefined): "http" | "https" | undefined {
  if (text === undefined || text === "http" || text === "https") return text;
  throw new UsageError(`${option} is http or https, not "${text}"`);
}

/** What Workers see as their own origin. */
function originOf(values: DevValues): OriginOptions {
  const { "local-upstream": upstream, "infer-origin-from-routes": infers, "upstream-protocol": protocol } = values;
  const { host = upstream, route, routes = route } = values;
  if (host !== undefined && isIP(host) !== 0)
    throw new UsageError(`--host sets the host that Workers see, as in wrangler dev. To listen at ${host}, use --ip ${host}`);
  return given({ host, routes, infers, protocol: protocolOf("--upstream-protocol", protocol) });
}

function inspectorOf(values: DevValues): DevOptions["inspector"] {
  const { "inspector-ip": host = "127.0.0.1", "inspector-port": port } = values;
  if (!isLoopback(host)) throw new UsageError(`--inspector-ip takes a loopback address such as 127.0.0.1, not "${host}"`);
  return {
    host,
    isAsked: port !== undefined,
    ...(port !== undefined && { port: wholeNumber("--inspector-port", port, 65_535) }),
  };
}

function projectsOf(values: DevValues, positional: string | undefined): DevOptions["projects"] {
  const base = resolve(values.cwd ?? ".");
  const named = positional === undefined ? base : resolve(base, positional);
  // wrangler takes the entry there.
  const isEntry = existsSync(named) && statSync(named).isFile();
  const folder = isEntry ? base : named;
  const [file, ...others] = (values.config ?? []).map((each) => resolve(base, each));
  const options = { ...optionsOf(values, base), ...(isEntry && { main: named }), ...(file !== undefined && { file }) };
  // As with wrangler, other options are about the primary Worker.
  const { env, "infer-origin-from-routes": infers } = values;
  const all = given({ env, origin: infers === undefined ? undefined : { infers } });
  return [{ folder, options }, ...others.map((other) => ({ folder: dirname(other), options: { file: other, ...all } }))];
}

function optionsOf(values: DevValues, base: string): ProjectOptions {
  const { env, name, minify, bundle, tsconfig, assets, "jsx-factory": jsxFactory, "jsx-fragment": jsxFragment } = values;
  const { "compatibility-date": compatibilityDate, "env-file": envFiles } = values;
  const flags = values["compatibility-flags"] ?? values["compatibility-flag"];
  return {
    vars: pairs("--var", values.var),
    define: pairs("--define", values.define),
    alias: pairs("--alias", values.alias),
    origin: originOf(values),
    localProtocol: localProtocolOf(values),
    ...given({ env, name, minify, jsxFactory, jsxFragment, compatibilityDate, compatibilityFlags: flags, bundles: bundle }),
    ...(tsconfig !== undefined && { tsconfig: resolve(base, tsconfig) }),
    ...(assets !== undefined && { assets: resolve(base, assets) }),
    ...(envFiles !== undefined && { envFiles: envFiles.map((each) => resolve(base, each)) }),
  };
}

function given<T extends object>(values: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

/** `NAME:VALUE`, as wrangler has it; a value may have colons of its own. */
function pairs(option: string, given: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf(":");
      if (at <= 0) throw new UsageError(`${option} takes NAME:VALUE, not "${text}"`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}
