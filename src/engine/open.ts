/** Puts the parts of the engine together, layer by layer: each is made of those below it, and names itself their listener. */
import { Failure } from "../model/failures/failure.ts";
import { noNotices } from "../noop/notices.ts";
import { silentLog } from "../noop/log.ts";
import type { Follow } from "../ports/timetable.ts";
import type { Lease } from "../ports/instances/journal-store.ts";
import { noVault } from "../noop/vault.ts";
import type { Hosts } from "../workers/hosts/hosts.ts";
import { Changes } from "./changes.ts";
import { closeEngine, type OpenParts } from "./close.ts";
import type { Engine } from "./contract.ts";
import { Journal } from "./journal/journal.ts";
import { Watchers } from "./journal/watch.ts";
import { Departures } from "./memory/departures.ts";
import { Instances } from "./memory/instances.ts";
import { Reads } from "./memory/reads.ts";
import { Turns } from "./memory/turns.ts";
import { follow, followWorkflow, history } from "./reading/query.ts";
import { followSchedule, Schedules } from "./upkeep/schedules.ts";
import { waits } from "./reading/waits.ts";
import { stopRun } from "./runs/activate.ts";
import type { Core } from "./runs/core.ts";
import { HostedRuns } from "./runs/run.ts";
import { signalArrangements } from "./runs/signal.ts";
import { readStream } from "./runs/streams.ts";
import { Parking } from "./schedule/parking.ts";
import { Scheduler } from "./schedule/scheduler.ts";
import { Timers } from "./schedule/timers.ts";
import { StoreHealth } from "./state/health.ts";
import type { Live } from "./state/live.ts";
import { Policies } from "./state/policies.ts";
import { DEFAULT_SETTINGS, type EngineSettings } from "./state/settings.ts";
import { Versions } from "./state/versions.ts";
import type { World } from "./state/world.ts";
import { Collector } from "./upkeep/collector.ts";
import { Admission } from "./verbs/admit.ts";
import { Bulk } from "./verbs/bulk.ts";
import { pause, remove, restart, resume, sendEvent, skipDelay, terminate } from "./verbs/control.ts";
import { create } from "./verbs/create.ts";

/** Hosts in which an engine runs instances. */
export type EngineHosts = Hosts<Live>;

/** What an engine is made of. */
export interface EngineParts
  extends
    Pick<World, "store" | "catalog" | "clock" | "ids" | "onInvocation" | "arrangements">,
    Partial<Pick<World, "log" | "vault" | "notices">> {
  /** Where user code runs. They are closed with the engine. */
  readonly hosts: EngineHosts;
  /** What is done at the boundaries of scripts' cron triggers. Nothing when it is absent. */
  readonly followCron?: Follow;
  readonly settings?: Partial<EngineSettings>;
}

/** Opens an engine: takes the right to write. What was left unfinished goes on once it is started. */
export async function openEngine(parts: EngineParts): Promise<Engine> {
  const core = openCore(worldOf(parts, await parts.store.acquire(parts.ids.uuid())), parts.hosts);
  const timers = new Timers(core);
  const parking = new Parking(core);
  const scheduler = new Scheduler(core, timers, parking);
  const verbs = { core, scheduler, admission: new Admission(core.store, core.clock, core.settings) };
  const collector = new Collector(core);
  core.instances.listen(new Changes({ core, scheduler, timers, parking, collector }));
  const { followCron = () => Promise.resolve() } = parts;
  const schedules = new Schedules(core, { workflow: followSchedule(verbs), script: followCron });
  void core.health.ended.then((failure) => halt(core, failure));
  return facade({ ...verbs, timers, parking, bulk: new Bulk(verbs), collector, schedules });
}

/** The lowest layer. */
function worldOf(parts: EngineParts, lease: Lease): World {
  const { store, catalog, clock, ids, onInvocation, arrangements } = parts;
  const { log = silentLog, vault = noVault, notices = noNotices } = parts;
  const settings = { ...DEFAULT_SETTINGS, ...parts.settings };
  const health = new StoreHealth({ clock, log });
  const policies = new Policies(catalog);
  const versions = new Versions(catalog, settings.defaultRetryDelayMs);
  const given = { store, lease, catalog, clock, ids, log, vault, notices, onInvocation, arrangements };
  return { ...given, settings, health, policies, versions };
}

/** Journal, memory, and runs. */
function openCore(world: World, hosts: EngineHosts): Core {
  const { clock, settings } = world;
  const watchers = new Watchers(clock);
  const journal = new Journal({ ...world, watchers });
  const reads = new Reads(clock);
  const instances = new Instances({ ...world, watchers, journal, reads });
  const spread = { reads, turns: new Turns(clock), departures: new Departures(clock, settings.maxIdle) };
  const core: Core = { ...world, watchers, journal, instances, ...spread, hosts, closing: false };
  hosts.listen(new HostedRuns(core));
  return core;
}

/** Nothing can be stored any more, for good: user code stops, and clients do not wait for what will not come. */
function halt(core: Core, failure: Failure): void {
  core.closing = true;
  core.hosts.refuse(failure);
  for (const live of core.instances.all()) stopRun(core, live);
  core.watchers.close(failure);
}

function facade(parts: OpenParts): Engine {
  const { core, scheduler, admission, schedules, bulk, collector } = parts;
  let closed: Promise<void> | undefined;
  return {
    start: () => {
      collector.look();
      scheduler.look();
      schedules.start();
    },
    admit: (workflow) => admission.check(workflow),
    create: (workflow, requests, trigger) => create(parts, workflow, requests, trigger),
    summary: (address) => core.instances.find(address),
    history: (address) => history(core, address),
    follow: (address, signal) => follow(core, address, signal),
    followWorkflow: (workflow, signal, types) => followWorkflow(core, workflow, signal, types),
    stream: (address, stream) => readStream(core, address, stream),
    pause: (address) => pause(core, address),
    resume: (address) => resume(parts, address),
    terminate: (address, { rollback = false } = {}) => terminate(core, address, rollback),
    restart: (address, from) => restart(parts, address, from),
    sendEvent: (address, eventType, payload) => sendEvent(parts, address, eventType, payload),
    skipDelay: (address, step) => skipDelay(parts, address, step),
    waits: (address) => waits(core, scheduler, address),
    remove: (workflow, ids) => remove(core, workflow, ids),
    count: (filter) => bulk.count(filter),
    startBulkAction: (action, filter) => bulk.start(action, filter),
    actions: (workflow) => bulk.actions(workflow),
    action: (workflow, id) => bulk.action(workflow, id),
    stopAction: (workflow, id) => bulk.stop(workflow, id),
    terminateAll: (workflow, status) => bulk.terminateAll(workflow, status),
    terminatingAll: (workflow) => bulk.terminating(workflow),
    removeAll: (workflow) => bulk.removeAll(workflow),
    arrangementsChanged: (workflow) => signalArrangements(core, workflow),
    trouble: () => core.health.failure,
    ended: core.health.ended,
    close: (drainMs = 0) => (closed ??= closeEngine(parts, drainMs)),
  };
}
