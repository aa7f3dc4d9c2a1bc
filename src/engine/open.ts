/** Puts the parts of the engine together, and takes them apart again. */
import { Failure } from "../model/failures/failure.ts";
import { isFinal } from "../model/instance/status.ts";
import type { Arrangements } from "../ports/arrangements.ts";
import type { Catalog } from "../ports/catalog.ts";
import type { Clock } from "../ports/clock.ts";
import type { BindingHandler, Executor } from "../ports/executor.ts";
import type { Ids } from "../ports/ids.ts";
import { noNotices, type NoticeTaker } from "../ports/notices.ts";
import { silentLog, type Log } from "../ports/log.ts";
import type { OnInvocation } from "../ports/script-log.ts";
import type { Lease, Store } from "../ports/store.ts";
import { openSecrets } from "../ports/secrets.ts";
import type { Timetable } from "../ports/timetable.ts";
import { noVault, type Vault } from "../ports/vault.ts";
import { stopRun } from "./runs/activate.ts";
import { Admission } from "./verbs/admit.ts";
import { Bulk } from "./verbs/bulk.ts";
import { dispatch, fetchScript } from "../workers/hosts/calls.ts";
import { Scheduler } from "./schedule/scheduler.ts";
import { pause, remove, restart, resume, sendEvent, skipDelay, terminate } from "./verbs/control.ts";
import { DEFAULT_SETTINGS, type Core, type EngineSettings } from "./runs/core.ts";
import { create } from "./verbs/create.ts";
import { Departures } from "./memory/departures.ts";
import type { Engine } from "./contract.ts";
import { Hosts, type HostBindings } from "../workers/hosts/hosts.ts";
import { StoreHealth } from "./state/health.ts";
import { Instances } from "./memory/instances.ts";
import { invocationOf } from "./runs/invocation.ts";
import { Journal } from "./journal/journal.ts";
import { Parking } from "./schedule/parking.ts";
import { Policies } from "./state/policies.ts";
import { follow, followWorkflow, history, past } from "./reading/query.ts";
import { Reads } from "./memory/reads.ts";
import { Collector, keptUntil } from "./upkeep/collector.ts";
import { orderNext } from "./runs/rollback.ts";
import { hostEnded, receive, tellOutcomes } from "./runs/run.ts";
import { Schedules, workflowTimetable } from "./upkeep/schedules.ts";
import { readStream } from "./runs/streams.ts";
import { tell, tellArrangements } from "./runs/signal.ts";
import { Versions } from "./state/versions.ts";
import { Turns } from "./memory/turns.ts";
import { Timers } from "./schedule/timers.ts";
import { waits } from "./reading/waits.ts";
import { Watchers } from "./journal/watch.ts";

/** What an engine is made of. */
export interface EngineParts {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly executor: Executor;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log?: Log;
  /** Encrypts the outputs of sensitive steps; they are stored as they are when it is absent. */
  readonly vault?: Vault;
  /** Answers what the user code of a host asks of its workflow bindings, given the engine that it asks; `host` aborts with the host. */
  readonly bindings?: (engine: Engine, host: AbortSignal) => BindingHandler;
  /** What else comes round beside the schedules of workflows, given the engine that it asks. */
  readonly timetable?: (engine: Engine) => Timetable;
  /** Tells subscribers; nobody subscribes when it is absent. */
  readonly notices?: NoticeTaker;
  /** Gets each run of an instance that has ended. */
  readonly onInvocation?: OnInvocation;
  /** What tests have arranged for instances. */
  readonly arrangements?: Arrangements;
  readonly settings?: Partial<EngineSettings>;
}

interface Wheels {
  readonly core: Core;
  readonly scheduler: Scheduler;
  readonly timers: Timers;
  readonly parking: Parking;
  readonly schedules: Schedules;
  readonly collector: Collector;
  readonly bulk: Bulk;
  readonly watchers: Watchers;
}

/** Opens an engine: takes the right to write, and picks up whatever was left unfinished. */
export async function openEngine(parts: EngineParts): Promise<Engine> {
  const lease = await parts.store.acquire(parts.ids.uuid());
  const other: Timetable = { entries: () => parts.timetable?.(engine).entries() ?? Promise.resolve([]) };
  const wheels = assemble(parts, lease, (host) => parts.bindings?.(engine, host) ?? noBindings, [other]);
  const engine = facade(wheels);
  wheels.collector.look();
  wheels.scheduler.look();
  wheels.schedules.look();
  return engine;
}

function noBindings(): Promise<never> {
  return Promise.reject(new Failure("internal_server", { detail: "No bindings" }));
}

function assemble(parts: EngineParts, lease: Lease, bindings: HostBindings, timetables: readonly Timetable[]): Wheels {
  const { store, catalog, executor, clock, ids, log = silentLog, vault = noVault, notices = noNotices } = parts;
  const settings = { ...DEFAULT_SETTINGS, ...parts.settings };
  const watchers = new Watchers(clock);
  const { arrangements } = parts;
  const world = { store, vault, catalog, clock, ids, log, notices, arrangements, reads: new Reads(clock) };
  const health = new StoreHealth({ clock, log }, () => scheduler.look());
  const policies = new Policies(catalog, (workflow) => scheduler.freed(workflow));
  const instances = new Instances(
    { ...world, policies, health },
    {
      entered: (live) => scheduler.entered(live),
      left: (live) => {
        timers.leave(live);
        parking.leave(live);
        scheduler.left(live);
        // Whoever follows a deleted instance has nothing to wait for.
        if (live.gone) watchers.instances.end(live.pk);
      },
    },
  );
  const journal = new Journal(
    { store, lease, clock, health, notices, expiryOf: (live) => keptUntil(policies, live) },
    {
      created: (instance) => watchers.created(instance),
      flushed: (live, row) => {
        instances.release(live);
        watchers.flushed(live, row);
      },
      lost: (live) => effects.lost(live),
    },
  );
  const hosts = hostsOf(withSecrets(executor, vault), bindings, clock, settings, () => core);
  const effects = effectsOf(() => wheels, parts.onInvocation);
  const versions = new Versions(catalog, settings.defaultRetryDelayMs);
  const rules = {
    settings,
    policies,
    versions,
    admission: new Admission(store, clock, settings),
    turns: new Turns(clock),
    departures: new Departures(clock, settings.maxIdle),
  };
  const core: Core = { ...world, ...rules, health, journal, instances, hosts, effects, closing: false };
  const scheduler = new Scheduler(core, () => checkAll(core, timers, parking));
  const timers = new Timers(core, scheduler);
  const parking = new Parking(core);
  const schedules = new Schedules(core, [workflowTimetable(core, scheduler), ...timetables]);
  const collector = new Collector(core);
  const bulk = new Bulk(core, scheduler);
  const wheels: Wheels = { core, scheduler, timers, parking, schedules, collector, bulk, watchers };
  void health.ended.then((failure) => halt(core, watchers, failure));
  return wheels;
}

function effectsOf(wheels: () => Wheels, onInvocation: OnInvocation | undefined): Core["effects"] {
  return {
    changed: (live, before, events) => {
      const { core, scheduler, timers, parking, collector } = wheels();
      const { status } = live.state;
      if (status !== before) scheduler.statusChanged(live, before);
      if (status !== before && isFinal(status)) collector.track(live);
      if (status !== before || live.idleSince !== null) parking.track(live);
      if (events.some(movesTimers)) {
        timers.track(live);
        tellOutcomes(core, live, events);
      }
    },
    started: (live) => {
      const { core, timers } = wheels();
      timers.track(live);
      orderNext(core, live);
    },
    ended: (live, run, isLost) => onInvocation?.(invocationOf(live, run, isLost, wheels().core.clock.now())),
    lost: (live) => {
      const { core, scheduler } = wheels();
      live.gone = true;
      stopRun(core, live);
      // Before its place is given to another: it still runs as far as the store knows.
      scheduler.lost();
      core.instances.forget(live);
    },
  };
}

/** Whatever an event should have done and has not: instances in memory are looked at as they are, and so is the store's file. */
async function checkAll(core: Core, timers: Timers, parking: Parking): Promise<void> {
  core.policies.catchUp();
  for (const live of core.instances.all()) {
    timers.track(live);
    parking.track(live);
    core.instances.release(live);
  }
  timers.look();
  parking.look();
  await core.store.verify().catch((cause: unknown) => core.health.failed(cause));
}

/** Nothing can be stored any more, for good: no user code goes on, and nobody waits for what will not come. */
function halt(core: Core, watchers: Watchers, failure: Failure): void {
  core.closing = true;
  for (const live of core.instances.all()) stopRun(core, live);
  watchers.close(failure);
}

function hostsOf(executor: Executor, bindings: HostBindings, clock: Clock, settings: EngineSettings, core: () => Core): Hosts {
  return new Hosts(
    { executor, bindings, clock, perVersion: settings.hostsPerVersion, idleMs: settings.hostIdleMs },
    { frames: (link, frames) => receive(core(), link, frames), ended: (link, end) => hostEnded(core(), link, end) },
  );
}

/** Secrets are opened where a script is loaded, and nowhere before that. */
function withSecrets(executor: Executor, vault: Vault): Executor {
  return {
    name: executor.name,
    open: async (version, bindings) => executor.open(openSecrets(vault, version), bindings),
    close: () => executor.close(),
  };
}

/** A step that succeeds at its first attempt moves no timer: that is the hot path. */
function movesTimers(event: { readonly type: string; readonly attempt?: number }): boolean {
  switch (event.type) {
    case "step_started":
    case "attempt_completed":
    case "step_completed":
    case "step_errored":
      return false;
    case "attempt_started":
      return event.attempt !== 1;
    default:
      return true;
  }
}

function facade(wheels: Wheels): Engine {
  const { core, scheduler, schedules, bulk, watchers } = wheels;
  let closed: Promise<void> | undefined;
  return {
    admit: (workflow) => core.admission.check(workflow),
    create: (workflow, requests, trigger) => create(core, scheduler, workflow, requests, trigger),
    summary: (address) => core.instances.find(address),
    history: (address, after) => history(core, address, after),
    past: (address) => past(core, address),
    follow: (address, signal) => follow(core, watchers, address, signal),
    followWorkflow: (workflow, signal, types) => followWorkflow(watchers, workflow, signal, types),
    stream: (address, stream) => readStream(core, address, stream),
    pause: (address) => pause(core, address),
    resume: (address) => resume(core, scheduler, address),
    terminate: (address, { rollback = false } = {}) => terminate(core, address, rollback),
    restart: (address, from) => restart(core, scheduler, address, from),
    sendEvent: (address, eventType, payload) => sendEvent(core, scheduler, address, eventType, payload),
    skipDelay: (address, step) => skipDelay(core, scheduler, address, step),
    waits: (address) => waits(core, scheduler, address),
    remove: (workflow, ids) => remove(core, workflow, ids),
    count: (filter) => bulk.count(filter),
    act: (action, filter) => bulk.act(action, filter),
    actions: (workflow) => bulk.actions(workflow),
    action: (workflow, id) => bulk.action(workflow, id),
    stopAction: (workflow, id) => bulk.stop(workflow, id),
    terminateAll: (workflow, status) => bulk.terminateAll(workflow, status),
    terminatingAll: (workflow) => bulk.terminating(workflow),
    removeAll: (workflow) => bulk.removeAll(workflow),
    schedulesChanged: () => schedules.look(),
    arrangementsChanged: (workflow) => tellArrangements(core, workflow),
    fetch: (script, request) => fetchScript(core, script, request),
    dispatch: (script, event) => dispatch(core, script, event),
    trouble: () => core.health.failure,
    ended: core.health.ended,
    close: (drainMs = 0) => (closed ??= close(wheels, drainMs)),
  };
}

/** Attempts under way may end within `drainMs`; then everything stops where it stands, to go on at the next start. */
async function close(wheels: Wheels, drainMs: number): Promise<void> {
  const { core, scheduler, timers, parking, schedules, collector, bulk, watchers } = wheels;
  core.closing = true;
  timers.close();
  parking.close();
  core.journal.close();
  await Promise.all([schedules.close(), collector.close(), scheduler.close(), bulk.close()]);
  const running = [...core.instances.all()].filter((live) => live.run !== undefined);
  for (const live of running) if (live.run !== undefined) tell(core, live, live.run, { type: "pause", run: live.run.id });
  await drained(core, running.length, drainMs);
  for (const live of core.instances.all()) stopRun(core, live);
  await core.journal.quiet();
  await core.hosts.close();
  await core.journal.quiet();
  watchers.close(new Failure("shutting_down"));
}

/** Resolves when no instance has a run any more, or after `drainMs`. */
function drained(core: Core, running: number, drainMs: number): Promise<void> {
  if (running === 0 || drainMs <= 0) return Promise.resolve();
  const until = core.clock.now() + drainMs;
  return new Promise((resolve) => {
    const look = (): void => {
      const busy = [...core.instances.all()].some((live) => live.run !== undefined);
      if (!busy || core.clock.now() >= until) return resolve();
      core.clock.alarm(Math.min(core.clock.now() + 10, until), look);
    };
    look();
  });
}
