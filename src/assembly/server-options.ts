/** The options of a server, for all ways to start it, and their defaults. */
import type { SettingValue } from "../api/endpoint/endpoint.ts";
import { UNNAMED_ACCOUNT } from "../api/endpoint/params.ts";
import type { HyperdriveStrings } from "../bindings/hyperdrive/configured.ts";
import { DEFAULT_SETTINGS, type EngineSettings } from "../engine/state/settings.ts";
import { defaultMemoryMiB } from "../executors/workerd/process/memory.ts";
import { DEFAULT_POLICY, type DeployPolicy } from "../workers/versions/policy.ts";

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly accountId: string;
  readonly drainMs: number;
  readonly settings: Partial<EngineSettings>;
  readonly executor: "node" | "workerd";
  /** How long code may run without giving way, in milliseconds. */
  readonly hangAfterMs: number;
  /** The most memory that a process of workerd may take, in MiB. */
  readonly workerMemoryMiB: number;
  /** What Workers may reach besides what each command lets them: `public`, `private`, and ranges of addresses. */
  readonly network: readonly string[];
  /** Addresses and ranges of proxies whose word on clients is believed. */
  readonly proxies: readonly string[];
  /** What is let in although it cannot have all that it asks for. */
  readonly policy: DeployPolicy;
  /** Scripts by the host names under which they answer. */
  readonly hostNames: Readonly<Record<string, string>>;
  /** Connection strings of databases. Never shown. */
  readonly hyperdrive: HyperdriveStrings;
  /** The server that delivers emails. Never shown. */
  readonly smtp?: string;
  readonly logFormat: "pretty" | "json";
  readonly logLevel: "debug" | "info" | "warn";
  /** As given; each command has a default of its own. */
  readonly data: string | undefined;
  /** Where connections are encrypted: the files of a key and its certificate, or that they are made here. */
  readonly tls?: "self-signed" | { readonly key: string; readonly certificate: string };
  readonly positionals: readonly string[];
}

/** What holds when nothing is said. */
export function defaultOptions(): ServerOptions {
  return {
    host: "127.0.0.1",
    port: 8787,
    accountId: UNNAMED_ACCOUNT,
    drainMs: 10_000,
    settings: {},
    executor: "workerd",
    hangAfterMs: 30_000,
    workerMemoryMiB: defaultMemoryMiB(),
    network: [],
    proxies: [],
    policy: DEFAULT_POLICY,
    hostNames: {},
    hyperdrive: {},
    logFormat: "pretty",
    logLevel: "info",
    data: undefined,
    positionals: [],
  };
}

/** The active options, for clients that request them. */
export function settingsOf({
  executor,
  hangAfterMs,
  workerMemoryMiB,
  network,
  ...options
}: ServerOptions): Readonly<Record<string, SettingValue>> {
  const engine = Object.entries({ ...DEFAULT_SETTINGS, ...options.settings }).map(([name, value]): [string, SettingValue] => [
    name,
    Number.isFinite(value) ? value : null,
  ]);
  const { accountId, drainMs } = options;
  return {
    executor,
    accountId,
    ...Object.fromEntries(engine),
    hangAfterMs,
    workerMemoryMiB,
    drainMs,
    network: network.join(" "),
  };
}
