/** One session of `stepwell dev`: a server with the Workers on it, from the first deployment until it is asked to stop. */
import { join, resolve } from "node:path";
import type { Inspector } from "../../executors/workerd/inspector/server.ts";
import type { Origin } from "../../server/sessions/origin.ts";
import { isLoopback } from "../../server/workers/trusted-hosts.ts";
import type { ProjectConfig } from "../../workers/config/project.ts";
import { startServer, type Running } from "../../assembly/compose.ts";
import { makeFilesPrivate } from "../../assembly/data-directory.ts";
import { checkNames } from "../../assembly/project.ts";
import { PLACEHOLDER_CF } from "../../assembly/request-cf.ts";
import type { ServerOptions } from "../../assembly/server-options.ts";
import { provideFirstToken } from "../commands/first-token.ts";
import type { Stopping } from "../stopping.ts";
import { connectionsOf, trouble } from "./connections.ts";
import { freePort } from "./free-port.ts";
import { greeting } from "./greeting.ts";
import { openInspector } from "./inspector.ts";
import { devKeys } from "./keys.ts";
import type { DevOptions } from "./options.ts";
import type { Deployed, DevWorker } from "./worker/worker.ts";

/** The primary one first. */
type Workers = readonly [DevWorker, ...DevWorker[]];

/** `workers` have been loaded; who calls closes them. Rejects when the server cannot start, or fails. */
export async function runSession(workers: Workers, given: DevOptions, stopping: Stopping): Promise<void> {
  checkNames(workers.map(({ config }) => config));
  const [primary] = workers;
  const options = await listening(given, primary.config);
  const usual = given.isFree.port && primary.config.listen.port === undefined;
  const moved =
    usual && options.port !== given.server.port ? [`Port ${given.server.port} is in use; using ${options.port} instead`] : [];
  const access = isLoopback(options.host) ? "open" : "tokens";
  const data = resolve(options.data ?? join(primary.config.folder, ".stepwell"));
  const { inspector, note } = await openInspector(given, () =>
    workers.map(({ config: { name: script, folder } }) => ({ script, folder })),
  );
  try {
    const originOf = (script: string): Origin => workers.find(({ config }) => config.name === script)?.config.origin ?? {};
    const primaryName = (): string => primary.config.name;
    const parts = { primary: primaryName, originOf, targets: inspector?.targets, requestCf: PLACEHOLDER_CF };
    makeFilesPrivate();
    const running = await startServer(options, data, access, stopping, parts);
    const deployed = await orStop(running, deployAll(workers, running));
    running.open();
    if (access === "tokens") await provideFirstToken(running.catalog, data);
    await introduce(
      running,
      deployed,
      { notes: [...given.notes, ...moved, ...(note === undefined ? [] : [note])], inspector },
      options,
    );
    const url = `${new URL(running.url).protocol}//localhost:${running.port}/`;
    const unlisten = given.isInteractive
      ? devKeys({ url, script: primary.config.name, inspector, print: say, exit: () => stopping.ask() })
      : () => {};
    const failure = await Promise.race([stopping.asked(), running.ended]).finally(unlisten);
    await Promise.all(workers.map((worker) => worker.close()));
    running.log.info("Stopping");
    await running.stop();
    if (failure !== undefined) throw failure;
  } finally {
    await inspector?.close();
  }
}

async function orStop<T>(running: Running, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    await running.stop();
    throw cause;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The primary Worker comes last: what it calls is there by then. */
async function deployAll(workers: Workers, running: Running): Promise<Deployed[]> {
  const deployed: Deployed[] = [];
  for (const worker of workers.toReversed()) deployed.unshift(await worker.start(running));
  return deployed;
}

/** What the command line leaves open, the configuration may say. */
async function listening({ server, isFree }: DevOptions, { listen }: ProjectConfig): Promise<ServerOptions> {
  const host = (isFree.host ? listen.ip : undefined) ?? server.host;
  const port = isFree.port ? (listen.port ?? (await freePort(host, server.port))) : server.port;
  return {
    ...server,
    host,
    port,
    ...(isFree.protocol && listen.protocol === "https" && { tls: "self-signed" as const }),
  };
}

/** An address that listens everywhere is none that a browser opens. */
function openable(url: string): string {
  return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
}

/** Says where everything is, and what the user should know. */
async function introduce(
  running: Running,
  workers: readonly Deployed[],
  { notes, inspector }: { readonly notes: readonly string[]; readonly inspector: Inspector | undefined },
  { logLevel, accountId }: ServerOptions,
): Promise<void> {
  const { log, port, catalog } = running;
  const url = openable(running.url);
  const session = new Set(workers.map(({ script }) => script));
  const broken = new Map<string, Set<string>>();
  for (const note of notes) log.warn(note);
  for (const { script, config, warnings } of workers) {
    if (config.secretsFrom.length > 0) log.info(`Using secrets defined in ${config.secretsFrom.join(", ")}`);
    for (const warning of warnings) log.warn(warning);
    const isBroken = new Set<string>();
    for (const connection of connectionsOf(script, config.bindings)) {
      const found = await trouble(catalog, connection, session);
      if (found === undefined) continue;
      log.warn(found.text);
      if (found.isBroken) isBroken.add(connection.name);
    }
    broken.set(script, isBroken);
  }
  if (logLevel === "warn") process.stdout.write(`Ready on ${url}\n`);
  else
    process.stdout.write(
      greeting({ url, port, accountId, workers, broken, inspector: inspector && `${inspector.host}:${inspector.port}` }),
    );
}
