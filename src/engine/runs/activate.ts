/**
 * Brings an instance to life in a host: with the code of its version, from the top, with what its journal knows. This
 * serves the first start, every replay, and recovery alike.
 */
import type { ErrorInfo } from "../../model/values/error-info.ts";
import { Failure, failureKind, type FailureName } from "../../model/failures/failure.ts";
import { WITH_SERVER } from "../../model/instance/loss.ts";
import type { InstanceState } from "../../model/instance/state.ts";
import { holdsPlace, type InstanceStatus } from "../../model/instance/status.ts";
import type { StartFrame } from "../../protocol/frames.ts";
import { StoreError } from "../../model/failures/store-error.ts";
import type { Core } from "./core.ts";
import type { HostLink } from "../../workers/hosts/link.ts";
import { reportEnd } from "./invocation.ts";
import type { Live } from "../state/live.ts";
import { historyWindow } from "./outcomes.ts";
import { groupOf } from "./quarantine.ts";
import type { RunnableVersion } from "../state/versions.ts";

/** How often a host is asked for that ends before it is ready: its code may be what ends it. */
const HOST_TRIES = 6;

/** How a host fails that ends before it is ready. */
const NOT_READY: ReadonlySet<FailureName> = new Set(["script.unavailable", "script.invalid"]);

/** How long an instance rests between tries to start it, in milliseconds: after the first, doubled up to the longest. */
const REST_MS = 50;
const LONGEST_REST_MS = 3_200;

/** How long an instance rests that the store could not read, in milliseconds. */
const READ_REST_MS = 1_000;

/**
 * Starts a run of an instance that is queued, due, rolling back, or was interrupted. Never rejects: an instance that cannot be
 * run fails, and one that has been paused or ended meanwhile is let go. One that was left behind without a run is recovered
 * once its code is ready to run, not sooner: a server that is killed again while it starts says nothing about the instance,
 * and must not count as a loss of it.
 */
export async function activate(core: Core, live: Live): Promise<void> {
  const life = live.state;
  if (live.activating === life || live.run !== undefined || !isWanted(core, live, life)) {
    core.journal.whenDurable(live, () => core.instances.release(live));
    return;
  }
  live.activating = life;
  const { failures } = core.journal;
  try {
    for (let tries = 0; isWanted(core, live, life); tries += 1) {
      try {
        const version = core.versions.cached(live.state.versionId) ?? (await core.versions.get(live.state.versionId));
        if (version === undefined) return fail(core, live, "The workflow version of the instance no longer exists");
        const group = groupOf(core.hosts, live);
        const link = core.hosts.ready(version.script.id, group) ?? (await core.hosts.acquire(version.script, group));
        if (live.state !== life) return core.hosts.released(link);
        // Its place may be that of an instance whose end was not stored: the scheduler looks again for all that are ready.
        if (!holdsPlace(live.state.status) && core.journal.failures !== failures) return core.hosts.released(link);
        // A restart meanwhile has voided the interrupted attempts.
        if (live.leftBehind && holdsPlace(live.state.status)) core.instances.apply(live, { type: "recover", loss: WITH_SERVER });
        live.leftBehind = false;
        core.instances.apply(live, { type: "claim" });
        core.instances.apply(live, { type: "wake" });
        if (await begin(core, live, version, link)) return;
      } catch (cause) {
        if (core.closing || live.gone || live.state !== life) return;
        if (!mayTryAgain(cause, tries)) return giveUp(core, live, cause);
      }
      await rest(core, Math.min(REST_MS * 2 ** tries, LONGEST_REST_MS));
    }
  } finally {
    if (live.activating === life) live.activating = undefined;
    core.instances.release(live);
  }
}

/**
 * A temporary failure of the store or the executor says nothing about the instance; a host that ends before it is ready may.
 * So may a host whose code does not load: it did load when it was deployed, and a standstill of the machine (suspended or
 * overloaded) looks the same as a top level that never ends.
 */
function mayTryAgain(cause: unknown, tries: number): boolean {
  if (cause instanceof StoreError) return true;
  if (!(cause instanceof Failure)) return false;
  return cause.failure === "executor.not_started" || (NOT_READY.has(cause.failure) && tries < HOST_TRIES);
}

/** A restart begins another life, which is activated in a place of its own. */
function isWanted(core: Core, { gone, state }: Live, life: InstanceState): boolean {
  return !core.closing && !gone && state === life && isRunnable(state.status);
}

function rest({ rests }: Core, ms: number): Promise<void> {
  return rests.rest(ms);
}

function isRunnable(status: InstanceStatus): boolean {
  return status === "queued" || status === "waiting" || holdsPlace(status);
}

/**
 * Keeps the host open until the run is in it, which waits there until there is room. False when the host ended all the same, or
 * takes nothing new any more: there has to be another.
 */
async function begin(core: Core, live: Live, version: RunnableVersion, link: HostLink<Live>): Promise<boolean> {
  link.requests += 1;
  try {
    const rooms = [core.departures.room(), link.host.room?.()].filter((room) => room !== undefined);
    if (rooms.length > 0) await Promise.all(rooms);
    if (link.leaving && rooms.length > 0) return core.closing;
    if (live.activating !== live.state) return true;
    const found = await pastOf(core, live);
    if (link.over) return core.closing;
    if (found !== undefined) launch(core, live, { version, link, ...found });
    return true;
  } finally {
    link.requests -= 1;
    core.hosts.released(link);
  }
}

/** What a run is to know of the past, and when that was read; undefined when there is nothing to be run any more. */
async function pastOf(core: Core, live: Live): Promise<Pick<Launch, "history" | "now"> | undefined> {
  const { state } = live;
  let history: StartFrame["history"] = [];
  let now = core.clock.now();
  // Outcomes are read from durable rows, and what is decided meanwhile must be among them. A rollback asks if it needs them.
  while (state.steps.length > 0 && live.state.status !== "rollingBack") {
    const turn = core.turns.take();
    if (turn !== undefined) await turn;
    await core.journal.durable(live);
    // Another waiter of the same flush may have recorded something since.
    if (core.journal.isPending(live)) continue;
    const seen = live.state.lastEventId;
    now = core.clock.now();
    history = await historyWindow(core, live, 0, now);
    if (live.state.lastEventId === seen) break;
  }
  return live.gone || live.state !== state || !holdsPlace(state.status) ? undefined : { history, now };
}

/** How a run begins. */
interface Launch {
  readonly version: RunnableVersion;
  readonly link: HostLink<Live>;
  readonly history: StartFrame["history"];
  /** When the history was read, in epoch milliseconds. */
  readonly now: number;
  /** The run whose rollback handlers it takes over. */
  readonly inherits?: number;
}

/** Sends the frame that starts a run. */
export function launch(core: Core, live: Live, { version, link, history, now, inherits }: Launch): void {
  const { state } = live;
  const run = link.nextRun();
  live.run = {
    id: run,
    link,
    startedAt: core.clock.now(),
    signalledUpTo: now,
    signals: 0,
    isReading: false,
    reads: undefined,
    intakes: undefined,
  };
  link.runs.set(run, live);
  const rollback = state.status === "rollingBack" ? state.rollback : undefined;
  link.send({
    type: "start",
    run,
    className: version.className,
    workflow: live.workflow,
    instanceId: live.id,
    params: state.params,
    timestamp: live.createdAt,
    ...(state.schedule && { schedule: state.schedule }),
    options: version.options,
    history,
    knownSteps: state.steps.length,
    careful: state.recoveries + state.sharedRecoveries > 0,
    paused: state.status === "waitingForPause",
    ...(core.arrangements && { arrangements: core.arrangements.of(live.workflow, live.id) }),
    ...(rollback && { rollback: { error: rollback.trigger, ...(inherits !== undefined && { inherits }) } }),
  });
  core.instances.started(live);
}

/**
 * The instance cannot go on, and has no run. One that the store cannot read is tried again later; one that lacks a key is paused,
 * for that can be mended; everything else is its end, and so is this in a rollback, where there is nothing to pause.
 */
export function giveUp(core: Core, live: Live, cause: unknown): void {
  const about = { workflow: live.workflow, instance: live.id };
  if (cause instanceof StoreError) {
    core.log.warn("An instance could not be read and is retried", { ...about, reason: cause.message });
    void activateLater(core, live);
    return;
  }
  if (!(cause instanceof Failure)) {
    core.log.error("An instance could not be started", { ...about, reason: String(cause) });
    return fail(core, live, "The instance could not be started; the reason is in the server's log");
  }
  // Of an error with its stack, the error.
  const [message = ""] = (cause.detail ?? cause.message).split("\n", 1);
  if (cause.failure !== "vault.key_missing" || live.state.status === "rollingBack") return fail(core, live, message);
  const { hint } = failureKind(cause.failure);
  core.log.error(`An instance is paused: ${message}`, { ...about, failure: cause.failure, hint });
  core.instances.apply(live, { type: "suspend", reason: message });
}

/** It stays in memory meanwhile, as if it were being activated: there may be no second copy of it. */
async function activateLater(core: Core, live: Live): Promise<void> {
  live.leftBehind = true;
  const life = live.state;
  live.activating = life;
  await rest(core, READ_REST_MS);
  if (live.activating !== life) return;
  live.activating = undefined;
  if (!core.closing) await activate(core, live);
}

function fail(core: Core, live: Live, message: string): void {
  const error: ErrorInfo = { name: "WorkflowInternalError", message };
  core.instances.apply(live, { type: "fail", error });
}

/** Ends the run of an instance, if it has one: nothing that it does from now on is recorded. */
export function stopRun(core: Core, live: Live): void {
  const { run } = live;
  if (run === undefined) return;
  detach(core, live);
  run.link.send({ type: "stop", run: run.id });
  core.hosts.released(run.link);
}

/** Detaches an instance from its run: the run's frames are ignored, and frames waiting for it are not sent to the next run. */
export function detach(core: Core, live: Live): void {
  const { run } = live;
  if (run !== undefined) {
    run.link.runs.delete(run.id);
    reportEnd(core, live, run, false);
  }
  live.run = undefined;
  if (live.row !== undefined) live.row.ack = 0;
  if (live.flushing !== undefined) live.flushing.ack = 0;
}
