/** Puts a server together: store, executor, engine, API, listener. The only place that picks a store and an executor. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Audit } from "../access/audit.ts";
import { BodyRoom } from "../api/endpoint/body.ts";
import type { Api } from "../api/endpoint/endpoint.ts";
import { explorerApi } from "../api/explorer/explorer.ts";
import { ownApi } from "../api/own/own.ts";
import { Transfers } from "../api/cloudflare/storage/transfers.ts";
import { restApi } from "../api/cloudflare/rest.ts";
import type { EngineParts } from "../engine/open.ts";
import { Failure } from "../model/failures/failure.ts";
import { LIMITS } from "../model/limits.ts";
import { displayName } from "../model/step/step.ts";
import type { Arrangements } from "../ports/arrangements.ts";
import type { Catalog } from "../ports/catalog/catalog.ts";
import type { ScriptVersion } from "../ports/catalog/script-versions.ts";
import type { Log, LogFields } from "../ports/log.ts";
import type { OnLog, ScriptLine } from "../ports/script-log.ts";
import { scriptOf } from "../model/views/script-line.ts";
import type { Store } from "../ports/store.ts";
import { systemClock } from "../system/clock.ts";
import { systemIds } from "../system/ids.ts";
import type { Vault } from "../ports/vault.ts";
import { AssetStore } from "../workers/assets/assets.ts";
import { HostNames } from "../workers/addresses/host-names.ts";
import { VersionCollector } from "../workers/versions/collect-versions.ts";
import { InstanceLogs } from "../workers/logs/instance-logs.ts";
import type { Publisher } from "../workers/versions/publisher.ts";
import { mapStack } from "../workers/logs/stack.ts";
import { Tails } from "../workers/logs/tails.ts";
import { BindingRegistry } from "../workers/hosts/binding-registry.ts";
import { serverApp, type Answer, type AppParts } from "../server/app.ts";
import { openGuard, tokenGuard } from "../server/sessions/auth.ts";
import { openDashboard } from "../server/pages/dashboard.ts";
import { listen, type Tls } from "../server/http.ts";
import type { Origin } from "../server/sessions/origin.ts";
import { orLoggedIn, Sessions } from "../server/sessions/sessions.ts";
import { createLog } from "../server/log.ts";
import { sqliteAudit } from "../stores/sqlite/audit/audit.ts";
import { openSqlite, type OpenedSqlite } from "../stores/sqlite/open.ts";
import { keysOf, openVault } from "../vault/open.ts";
import { auditIn, closeToOthers, databaseIn, keepOutOfGit } from "./data-directory.ts";
import { type StartedEngine, startEngine } from "./engine.ts";
import { assetsIn, executionOf, type Execution, type ExecutionParts, type ScriptListeners } from "./executor.ts";
import { explainListening, UsageError } from "./explain.ts";
import { smtpMailer } from "./mailer.ts";
import { settingsOf, type ServerOptions } from "./server-options.ts";
import { selfSigned } from "./self-signed.ts";
import { wholeStore } from "./whole-store.ts";

/** Milliseconds that connections may stay open once everything else has stopped. */
const LISTENER_GRACE_MS = 500;

/** A server that runs. */
export interface Running
  extends Pick<Api, "catalog" | "log" | "engine" | "storage" | "publisher" | "queues" | "assets">, Pick<StartedEngine, "calls"> {
  readonly url: string;
  readonly port: number;
  /** What answers Workers. */
  readonly bindings: BindingRegistry;
  /** Lets requests in. Earlier requests have waited, so that none is answered with 404 for a project that is being deployed. */
  open(): void;
  /** Resolves with the reason when the server has had to stop by itself: its data directory is not its own any more. */
  readonly ended: Promise<Failure>;
  /** Stops taking work, lets steps under way end for as long as the options say, and closes everything. */
  stop(): Promise<void>;
}

/** Whether a server that starts is still wanted. */
export interface Starting {
  /** Aborted when it is not. */
  readonly signal: AbortSignal;
  /** True until `started` is called. */
  readonly isStarting: boolean;
  started(): void;
}

/** What a server of a development session has besides. */
export interface DevParts extends ExecutionParts {
  /** The Worker that `localhost` leads to. With it, the log says which requests Workers have answered. */
  readonly primary?: () => string;
  /** The origin that a Worker sees in place of a local one. */
  readonly originOf?: (script: string) => Origin;
  /** True when there is code of others in this process. */
  readonly sharesProcess?: boolean;
  /** What tests arrange for instances, which are seen in the store. */
  readonly arrangements?: (store: Store) => Arrangements;
  /** Gets what is said, in place of the log of the options. */
  readonly log?: Log;
  /** Gets every line that scripts write, in place of the log. */
  readonly onLine?: OnLog;
}

/**
 * Starts a server on a data directory. `open`: no token is needed. Rejects when Workers cannot be run, and soon after `stopping`
 * aborts before the server lets requests in. After that, the caller has to stop it.
 */
export async function startServer(
  options: ServerOptions,
  data: string,
  access: "open" | "tokens",
  stopping: Starting,
  dev: DevParts = {},
): Promise<Running> {
  const { log = createLog({ format: options.logFormat, level: options.logLevel }) } = dev;
  const tails = new Tails(systemClock, systemIds);
  const heard = scriptListeners(tails);
  const { undo: closeData, ...kept } = await openData(options, data, log);
  const { store, catalog, vault, audit, hostNames } = kept;
  const bindings = new BindingRegistry();
  const opening = executionOf(options, data, access, heard, { catalog, vault, bindings }, dev);
  const { execution, undo } = await startExecution(opening, stopping, closeData);
  const { executor, storage } = execution;
  const world = { store, catalog, clock: systemClock, ids: systemIds, log };
  const logs = new InstanceLogs({ ...world, logs: kept.logs });
  heard.listeners.push(logLine(dev.onLine ?? toLog(log), tails, logs));
  const { settings, accountId, smtp } = options;
  const mailer = smtp === undefined ? undefined : await orElse(smtpMailer(smtp), undo);
  const given = { settings, accountId, onInvocation: heard.onInvocation, ...arranged(dev, store) };
  const parts = { ...world, ...given, store: wholeStore(store, [audit]), vault, executor, bindings, mailer };
  const { close: closeEngine, ...started } = await orElse(startEngine(parts, data), undo);
  const { engine, calls, queues } = started;
  execution.startAlarms();
  const collector = new VersionCollector(world);
  const close = async (drainMs: number): Promise<void> => {
    await collector.close();
    await closeEngine(drainMs);
    await execution.close();
    await logs.close();
    await store.close();
  };
  const load = (version: ScriptVersion): Promise<void> => tryLoad(executor.open(version, noBindings));
  const publisher: Publisher = { ...world, vault, load, policy: options.policy };
  const sent = { transfers: new Transfers(systemClock, systemIds), bodies: new BodyRoom() };
  const assets = new AssetStore(assetsIn(data), world);
  const routed = { ...world, ...sent, ...started, vault, publisher, assets, tails, logs, hostNames, storage, audit };
  const app = appOf({ ...routed, settings: settingsOf(options), accountId }, access, options.proxies, dev);
  const { answer, open } = heldBack(app, stopping);
  try {
    const how = { tls: await tlsOf(options, data), sharesProcess: dev.sharesProcess };
    const listener = await listen(answer, options.host, options.port, systemClock, LIMITS, how);
    const stop = async (): Promise<void> => {
      await close(options.drainMs);
      await listener.close(LISTENER_GRACE_MS);
      await audit.close();
    };
    const { url, port } = listener;
    const code = { catalog, publisher, assets, queues, calls, bindings };
    return { ...code, url, port, log, engine, storage, ended: engine.ended, open, stop };
  } catch (cause) {
    await close(0);
    await audit.close();
    throw explainListening(cause, options.host, options.port) ?? cause;
  }
}

/** Requests wait until they are let in. */
function heldBack(app: Answer, starting: Starting): { readonly answer: Answer; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    answer: (request, address) => promise.then(() => app(request, address)),
    open: () => resolve(starting.started()),
  };
}

/** What tests arrange, where there are any. */
function arranged({ arrangements }: DevParts, store: Store): Pick<EngineParts, "arrangements"> {
  return arrangements === undefined ? {} : { arrangements: arrangements(store) };
}

/** Sees that Workers can be run; else all is closed again. */
async function startExecution(
  opening: Promise<Execution>,
  stopping: Starting,
  closeData: () => Promise<void>,
): Promise<{ readonly execution: Execution; readonly undo: () => Promise<void> }> {
  const execution = await orElse(opening, closeData);
  const undo = async (): Promise<void> => {
    await execution.close();
    await closeData();
  };
  await orElse(startUnlessStopped(execution, stopping), undo);
  return { execution, undo };
}

/** When the server is not wanted any more, whatever waits for code to load is let go. */
async function startUnlessStopped(execution: Pick<Execution, "start" | "close">, stopping: Starting): Promise<void> {
  stopping.signal.addEventListener("abort", () => stopping.isStarting && void execution.close(), { once: true });
  stopping.signal.throwIfAborted();
  await execution.start();
}

interface DataDirectory extends OpenedSqlite {
  readonly vault: Vault;
  readonly audit: Audit;
  readonly hostNames: HostNames;
  /** Closes what a start that fails has opened. */
  readonly undo: () => Promise<void>;
}

/** Opens what is in a data directory. When a part cannot be opened all is closed again. */
async function openData(options: ServerOptions, data: string, log: Log): Promise<DataDirectory> {
  const given = await keysOf(process.env);
  const sqlite = await openSqlite(databaseIn(data));
  const undo = (): Promise<void> => sqlite.store.close();
  // Not before it is known to be ours.
  await orElse(closeToOthers(data, log), undo);
  await keepOutOfGit(data);
  const vault = await orElse(openVault(given, join(data, "stepwell.key")), undo);
  const audit = await orElse(openAudit(data, log), undo);
  const hostNames = new HostNames(sqlite.catalog, options.hostNames);
  return { ...sqlite, vault, audit, hostNames, undo };
}

async function openAudit(data: string, log: Log): Promise<Audit> {
  return new Audit(sqliteAudit(auditIn(data)), { clock: systemClock, log });
}

/** The whole HTTP surface. */
function appOf(
  api: Api & Pick<AppParts, "calls">,
  access: "open" | "tokens",
  proxies: readonly string[],
  { primary, originOf }: DevParts,
): ReturnType<typeof serverApp> {
  return serverApp({
    ...api,
    workers: api.hostNames,
    own: ownApi(api),
    rest: restApi(api),
    explorer: explorerApi(api),
    devTriggers: access === "open",
    ...(originOf && { originOf }),
    ...(primary && { primary, onAnswer: (line: string) => api.log.info(line) }),
    dashboard: openDashboard(),
    ...guarded(access, api.catalog),
    proxies,
    // Where a token is needed, a page that has made a browser come here under another name gains nothing.
    hostNames: access === "open" ? [] : ["*"],
  });
}

/** Key and certificate, where connections are encrypted. */
async function tlsOf({ tls }: ServerOptions, data: string): Promise<Tls | undefined> {
  if (tls === undefined) return undefined;
  if (tls === "self-signed") return selfSigned(data, { clock: systemClock, ids: systemIds });
  const [key, cert] = await Promise.all([tls.key, tls.certificate].map((file) => readFile(file, "utf8").catch(unreadable(file))));
  return { key: key ?? "", cert: cert ?? "" };
}

function unreadable(file: string): (cause: Error) => never {
  return ({ message }) => {
    throw new UsageError(`${file} cannot be read: ${message}`);
  };
}

/** Undoes what came before when the next thing fails. */
async function orElse<T>(next: Promise<T>, undo: () => Promise<void>): Promise<T> {
  try {
    return await next;
  } catch (cause) {
    await undo();
    throw cause;
  }
}

/** Which clients are let in: all, or those with a token or a login. */
function guarded(access: "open" | "tokens", catalog: Catalog): Pick<AppParts, "guard" | "sessions"> {
  if (access === "open") return { guard: openGuard };
  const sessions = new Sessions(catalog, systemClock, systemIds);
  return { guard: orLoggedIn(tokenGuard(catalog), sessions), sessions };
}

/** Listeners to the logs of scripts. Messages that are written before there is a listener are lost. */
function scriptListeners(tails: Tails): ScriptListeners & { readonly listeners: OnLog[] } {
  const listeners: OnLog[] = [];
  return {
    listeners,
    followed: tails,
    onLog: (line) => listeners.forEach((listener) => listener(line)),
    onInvocation: (invocation) => tails.learn(invocation),
  };
}

/** Messages of scripts go to `write`, to their tails, and to the logs of instances. Places in them refer to the sources. */
function logLine(write: OnLog, tails: Tails, logs: InstanceLogs): OnLog {
  return (raw) => {
    const line = raw.version === undefined ? raw : mapped(raw, raw.version);
    write(line);
    tails.publish(line);
    logs.write(line);
  };
}

function toLog(log: Log): OnLog {
  return (line) => log[line.level === "log" ? "info" : line.level](`[${scriptOf(line)}] ${line.text}`, factsOf(line));
}

function mapped({ values, ...line }: ScriptLine, version: NonNullable<ScriptLine["version"]>): ScriptLine {
  const text = mapStack(line.text, version);
  if (values === undefined) return { ...line, text };
  return { ...line, text, values: values.map((each) => (typeof each === "string" ? mapStack(each, version) : each)) };
}

function factsOf({ origin }: ScriptLine): LogFields {
  if (origin === undefined || "request" in origin) return {};
  const { workflow, instance, step } = origin;
  return { workflow, instance, ...(step && { step: displayName(step.name, step.count), attempt: step.attempt }) };
}

/** Code at the top level of a module may not use bindings, here as on Cloudflare. */
function noBindings(): Promise<never> {
  return Promise.reject(new Failure("body", { detail: "Bindings cannot be used at the top level of a module" }));
}

async function tryLoad(opening: Promise<{ close(): Promise<void> }>): Promise<void> {
  const host = await opening;
  await host.close();
}
