/** Picks the executor of a server, and tells it what its scripts may reach: the network, what they keep, and one another. */
import { join } from "node:path";
import type { InspectorTargets } from "../executors/workerd/inspector/targets.ts";
import { nodeExecutor } from "../executors/node/executor.ts";
import type { Catalog } from "../ports/catalog/catalog.ts";
import type { Storage } from "../ports/storage.ts";
import { noStorage } from "../noop/storage.ts";
import type { Executor, FindCallee } from "../ports/executor.ts";
import type { Followed, OnInvocation, OnLog } from "../ports/script-log.ts";
import { withDatabases, type HyperdriveStrings } from "../bindings/hyperdrive/configured.ts";
import { openSecrets } from "../bindings/secrets.ts";
import type { Vault } from "../ports/vault.ts";
import type { BindingRegistry } from "../workers/hosts/binding-registry.ts";
import { knownCf } from "./request-cf.ts";
import type { ServerOptions } from "./server-options.ts";

/** What runs Workers, and what holds what they keep. */
export interface Execution {
  readonly executor: Executor;
  readonly storage: Storage;
  /** Resolves when Workers can be run. Rejects with `Failure("executor.not_started")`. */
  start(): Promise<void>;
  /** Scripts can be found and answered: what wakes by itself may from now on. */
  startAlarms(): void;
  close(): Promise<void>;
}

/** Listeners to the logs of scripts. */
export interface ScriptListeners {
  readonly onLog: OnLog;
  readonly onInvocation: OnInvocation;
  readonly followed: Followed;
}

/** What the executor has besides, in a development session. */
export interface ExecutionParts {
  /** Gets isolates that can be debugged. */
  readonly targets?: InspectorTargets | undefined;
  /** Path of the socket of a proxy that makes the requests of scripts. */
  readonly outbound?: string;
  /** What requests have in `cf`, in place of what is known of them. */
  readonly requestCf?: Readonly<Record<string, unknown>>;
}

/** What scripts are found in and answered by. */
export interface World {
  readonly catalog: Catalog;
  readonly vault: Vault;
  readonly bindings: BindingRegistry;
}

/** On one's own machine a Worker may reach whatever its developer can; elsewhere, what is public and what the options add. */
export async function executionOf(
  { executor: name, hangAfterMs, workerMemoryMiB, network, proxies, hyperdrive }: ServerOptions,
  data: string,
  access: "open" | "tokens",
  { onLog, onInvocation, followed }: ScriptListeners,
  world: World,
  { targets, outbound, requestCf = knownCf(proxies) }: ExecutionParts = {},
): Promise<Execution> {
  if (name === "node") {
    const executor = nodeExecutor({ onLog, onInvocation, hangAfterMs, requestCf });
    return { executor, storage: noStorage, start: () => Promise.resolve(), startAlarms: () => {}, close: () => executor.close() };
  }
  // Not before it is wanted: where there is no binary, there is the other executor.
  const { workerdExecutor } = await import("../executors/workerd/executor.ts");
  const { StorageProcess } = await import("../executors/workerd/storage/process.ts");
  const storage = new StorageProcess(join(data, "storage"), onLog);
  const reachable = access === "open" ? ["public", "private", ...network] : ["public", ...network];
  const kept = { storage, objects: join(data, "objects"), assets: assetsIn(data) };
  const limits = { hangAfterMs, memoryMiB: workerMemoryMiB };
  const workerd = workerdExecutor({
    onLog,
    onInvocation,
    followed,
    ...limits,
    ...kept,
    callees: calleesIn(world, hyperdrive),
    requestCf,
    ...(targets && { targets }),
    ...(outbound !== undefined && { outbound }),
    network: [...new Set(reachable)],
  });
  const executor: Executor = {
    ...workerd,
    open: (version, handler) => workerd.open(withDatabases(version, hyperdrive), handler),
  };
  const close = async (): Promise<void> => {
    await workerd.close();
    await storage.close();
  };
  return { executor, storage, start: () => workerd.start(), startAlarms: () => workerd.startAlarms(), close };
}

/** Where the static assets of a data directory are. */
export function assetsIn(data: string): string {
  return join(data, "assets");
}

function calleesIn({ catalog, vault, bindings }: World, hyperdrive: HyperdriveStrings): FindCallee {
  return async (script) => {
    const version = await catalog.activeScript(script);
    if (version === undefined) return undefined;
    const { namespaces: objects } = await catalog.objectClasses(script);
    return { version: withDatabases(openSecrets(vault, version), hyperdrive), objects, bindings: (host) => bindings.of(host) };
  };
}
