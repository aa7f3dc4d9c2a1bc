/** An engine on a table: memory store, fake clock, and questions to wait for an answer to without sleeping. */
import type { EngineSettings } from "../engine/state/settings.ts";
import type { Engine, InstanceAddress } from "../engine/contract.ts";
import { openEngine, type EngineHosts, type EngineParts } from "../engine/open.ts";
import type { EventBody, InstanceEvent } from "../model/instance/events.ts";
import type { InstanceStatus } from "../model/instance/status.ts";
import { decode } from "../model/values/value.ts";
import type { Catalog } from "../ports/catalog/catalog.ts";
import type { Executor, Host } from "../ports/executor.ts";
import { silentLog } from "../noop/log.ts";
import type { LogStore } from "../ports/logs/instance-logs.ts";
import type { ScriptCalls } from "../ports/script-calls.ts";
import type { Store } from "../ports/store.ts";
import { openMemoryStore } from "../stores/memory/open.ts";
import { HostCalls } from "../workers/hosts/calls.ts";
import { Hosts } from "../workers/hosts/hosts.ts";
import { fakeClock, type FakeClock } from "./fake-clock.ts";

export interface Bench {
  readonly engine: Engine;
  readonly calls: ScriptCalls;
  readonly store: Store;
  readonly catalog: Catalog;
  readonly logs: LogStore;
  readonly clock: FakeClock;
  /** Resolves when the instance has this status. */
  reaches(address: InstanceAddress, status: InstanceStatus): Promise<void>;
  /** Resolves when such an event has happened so often. */
  happens(address: InstanceAddress, type: EventBody["type"], times?: number): Promise<void>;
  /** Resolves when everything that is ready to run has run. */
  quiet(): Promise<void>;
  kinds(address: InstanceAddress): Promise<EventBody["type"][]>;
  last(address: InstanceAddress): Promise<InstanceEvent | undefined>;
  output(address: InstanceAddress): Promise<unknown>;
  /** How many runs there are in hosts. */
  runs(): number;
  close(): Promise<void>;
}

/**
 * Opens an engine with one script that has these classes, each a workflow of the same name. `over` wraps its store; `known`
 * is the catalogue of a bench before, in which everything is deployed already.
 */
export async function openBench(
  executor: (clock: FakeClock) => Executor,
  classes: readonly string[],
  settings: Partial<EngineSettings> = {},
  over: (store: Store) => Store = (store) => store,
  known?: Catalog,
): Promise<Bench> {
  const { store: memory, catalog: empty, logs } = openMemoryStore();
  const catalog = known ?? empty;
  const store = over(memory);
  const clock = fakeClock();
  if (known === undefined) await deployClasses(catalog, classes);
  const counted = countRuns(executor(clock));
  let ids = 0;
  const hosts: EngineHosts = new Hosts({ executor: counted.executor, clock });
  const engine = await openEngine({
    store,
    catalog,
    hosts,
    clock,
    ids: { uuid: () => `id-${(ids += 1)}` },
    settings,
  });
  engine.start();
  const events = async (address: InstanceAddress): Promise<InstanceEvent[]> => {
    const found: InstanceEvent[] = [];
    for await (const events of engine.history(address)) found.push(...events);
    return found;
  };
  const until = async (holds: () => Promise<boolean>): Promise<void> => {
    for (let turn = 0; !(await holds()); turn += 1) {
      if (turn > 20_000) throw new Error("It never happened");
      await nextTurn();
    }
  };
  return {
    engine,
    calls: new HostCalls({ hosts, catalog, clock, log: silentLog }),
    store,
    catalog,
    logs,
    clock,
    reaches: (address, status) => until(async () => (await engine.summary(address)).status === status),
    happens: (address, type, times = 1) =>
      until(async () => (await events(address)).filter((event) => event.type === type).length >= times),
    quiet: async () => {
      for (let turn = 0; turn < 50; turn += 1) await nextTurn();
    },
    kinds: async (address) => (await events(address)).map(({ type }) => type),
    last: async (address) => (await events(address)).at(-1),
    output: async (address) => {
      const last = (await events(address)).at(-1);
      return last?.type === "workflow_completed" && last.output !== undefined ? decode(last.output) : undefined;
    },
    runs: counted.runs,
    close: () => engine.close(),
  };
}

/** Starts an engine with hosts of its own. */
export async function startEngine({
  executor,
  ...parts
}: Omit<EngineParts, "hosts"> & { readonly executor: Executor }): Promise<Engine> {
  const engine = await openEngine({ ...parts, hosts: new Hosts({ executor, clock: parts.clock }) });
  engine.start();
  return engine;
}

/** Deploys one script with these classes, each a workflow of the same name. */
export async function deployClasses(catalog: Catalog, classes: readonly string[]): Promise<void> {
  await catalog.putScriptVersion({
    id: "s1",
    script: "script",
    hash: "1",
    code: "",
    bindings: [],
    compatibilityFlags: [],
    createdAt: 0,
  });
  for (const name of classes) {
    const version = { id: `${name}-v1`, workflow: name, className: name, scriptVersionId: "s1", createdAt: 0, settings: {} };
    await catalog.putWorkflow(
      { id: name, name, className: name, script: "script", versionId: version.id, createdAt: 0, modifiedAt: 0 },
      version,
    );
  }
}

/** Counts runs by the frames that begin and end them; one that another inherits from is over with that. */
function countRuns(executor: Executor): { executor: Executor; runs: () => number } {
  const runs = new Set<number>();
  const open = async (...args: Parameters<Executor["open"]>): Promise<Host> => {
    const host = await executor.open(...args);
    return {
      ...host,
      get isTight() {
        return host.isTight === true;
      },
      send: (frames) => {
        for (const frame of frames) {
          if (frame.type === "start") {
            runs.add(frame.run);
            runs.delete(frame.rollback?.inherits ?? 0);
          }
          if (frame.type === "stop") runs.delete(frame.run);
        }
        host.send(frames);
      },
      onFrames: (handler) =>
        host.onFrames((frames) => {
          for (const { type, run } of frames) if (type === "parked") runs.delete(run);
          handler(frames);
        }),
    };
  };
  return { executor: { name: executor.name, open, close: () => executor.close() }, runs: () => runs.size };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
