/**
 * A project's wrangler configuration, found, read, normalised and validated by Cloudflare's own reader. The only file that
 * imports that package: it is internal to wrangler, so its version is pinned and its quirks end here. Fields that wrangler has and
 * this version of the reader has not are in `newer.ts`. Why it is used all the same: docs/decisions/0175.
 */
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import type { Config, RawConfig } from "@cloudflare/workers-utils";
import { ProjectError } from "./project-error.ts";
import { isObject, newerOf, withoutNewer, type Newer } from "./newer.ts";

/** A configuration with all its defaults, for the environment that was asked for. */
export type WranglerConfig = Omit<Config, keyof Newer> & Newer;

export interface FoundConfig {
  readonly config: WranglerConfig;
  /** The file that was read, absolute. */
  readonly file: string;
  /** Where the project's own configuration is: `.dev.vars`, `.env` and data lie beside it. */
  readonly folder: string;
  /** Files that led to the configuration, absolute: a change of one is a change of it. */
  readonly inputs: readonly string[];
  /** The host of a route, if it names one. */
  readonly hostOf: Reader["getHostFromRoute"];
  /** In wrangler's words. */
  readonly warnings: readonly string[];
}

export interface ReadOptions {
  /** The configuration file, absolute; otherwise the nearest one in or above the folder, with the redirections of frameworks. */
  readonly file?: string | undefined;
  /** The environment: a key of `env` in the configuration. */
  readonly env?: string | undefined;
  /** Of the addresses to listen at, when the command line says so. */
  readonly localProtocol?: "http" | "https" | undefined;
  /** The configuration itself, as it would be in a `wrangler.json` of the folder, which is not read then. */
  readonly inline?: object | undefined;
}

type Reader = typeof import("@cloudflare/workers-utils");

let reader: Promise<Reader> | undefined;

/** Loaded by the first project only: a server without projects does not need it. */
function loadReader(): Promise<Reader> {
  return (reader ??= importReader());
}

/** Its ES module calls a CommonJS `require`, which it looks for when it is loaded and Node does not give it. */
async function importReader(): Promise<Reader> {
  const global = globalThis as { require?: unknown };
  if (global.require !== undefined) return import("@cloudflare/workers-utils");
  global.require = createRequire(import.meta.url);
  try {
    return await import("@cloudflare/workers-utils");
  } finally {
    delete global.require;
  }
}

/** Reads the configuration of the project in a folder. Rejects with a `ProjectError` that has all its errors. */
export async function readWranglerConfig(
  folder: string,
  { file, env, localProtocol, inline }: ReadOptions = {},
): Promise<FoundConfig> {
  const { experimental_readRawConfig: readRaw, findWranglerConfig, normalizeAndValidateConfig, ...more } = await loadReader();
  const { ParseError, getHostFromRoute: hostOf } = more;
  const named = inline === undefined ? file : resolve(folder, "wrangler.json");
  const found =
    named === undefined
      ? explained(ParseError, () => findWranglerConfig(folder, { useRedirectIfAvailable: true }))
      : { configPath: named, userConfigPath: named, deployConfigPath: undefined };
  const { configPath, userConfigPath, deployConfigPath } = found;
  if (configPath === undefined)
    throw new ProjectError(
      `No wrangler.json, wrangler.jsonc or wrangler.toml in ${folder} or above it. Run in the folder of a Worker project, or name it: stepwell dev <folder>`,
    );
  const raw: unknown = inline ?? explained(ParseError, () => readRaw({ config: configPath })).rawConfig;
  if (!isObject(raw)) throw new ProjectError(`${configPath}: the configuration must be an object`);
  // A redirected configuration is that of one environment already.
  const isRedirected = deployConfigPath !== undefined;
  const args = { ...(env !== undefined && { env }), ...(localProtocol !== undefined && { localProtocol }) };
  const { config, diagnostics } = validated(configPath, () =>
    normalizeAndValidateConfig(withInherited(withoutNewer(raw)), configPath, userConfigPath, args),
  );
  if (diagnostics.hasErrors()) throw new ProjectError(diagnostics.renderErrors());
  const inputs = [configPath, userConfigPath, deployConfigPath].filter((path) => path !== undefined);
  return {
    config: withPaths({ ...config, ...newerOf(raw, isRedirected ? undefined : config.targetEnvironment) }),
    file: configPath,
    folder: userConfigPath === undefined ? folder : dirname(userConfigPath),
    inputs: [...new Set(inputs)],
    hostOf,
    warnings: diagnostics.hasWarnings() ? [diagnostics.renderWarnings()] : [],
  };
}

/**
 * The reader makes these paths relative to the process's folder, and when an environment inherits them, once more: what comes out leads
 * nowhere. So each environment gets them as if they were its own.
 */
function withInherited(raw: RawConfig): RawConfig {
  const { env, tsconfig, build } = raw;
  if (!isObject(env)) return raw;
  const inherited = { ...(tsconfig !== undefined && { tsconfig }), ...(build !== undefined && { build }) };
  const own = Object.entries(env).map(([name, each]) => [name, isObject(each) ? { ...inherited, ...each } : each]);
  return { ...raw, env: Object.fromEntries(own) as typeof env };
}

/** Some paths come back relative to the process's own folder. */
function withPaths(config: WranglerConfig): WranglerConfig {
  const { tsconfig, base_dir: base, build } = config;
  const trees = build.watch_dir === undefined ? [] : [build.watch_dir].flat();
  return {
    ...config,
    tsconfig: tsconfig && resolve(tsconfig),
    base_dir: base && resolve(base),
    build: { ...build, watch_dir: trees.map((tree) => resolve(tree)) },
  };
}

/** Parts that have the right name and some odd form (an array with null, a binding named `constructor`) stop the reader itself. */
function validated<T>(file: string, validate: () => T): T {
  try {
    return validate();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ProjectError(`${file}: a part of the configuration has a form that cannot be read (${reason})`, { cause });
  }
}

/** Errors of the reader have a place, and are the user's to mend. */
function explained<T>(ParseError: Reader["ParseError"], read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    if (!(cause instanceof ParseError) || cause.location === undefined) throw new ProjectError(cause.message, { cause });
    const { file = "", line, column } = cause.location;
    throw new ProjectError(`${file}:${line}:${column + 1}: ${cause.text}`, { cause });
  }
}
