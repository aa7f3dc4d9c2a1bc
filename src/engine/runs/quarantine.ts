/**
 * Who is to blame when a host ends. The runs that were in it are replayed together; if their host ends again before they got
 * on, in two groups, each in a host of its own; if one of those ends, its runs are parted again, until a host ends with a
 * single run in it. So the innocent lose a few attempts, and only the run that takes its host down is held to account. See
 * `docs/decisions/0166-lost-runs-are-bisected.md`.
 */
import type { EventBody } from "../../model/instance/events.ts";
import type { DoStep } from "../../model/instance/state.ts";
import { displayName } from "../../model/step/step.ts";
import { WITH_SERVER, type Loss } from "../../model/instance/loss.ts";
import type { HostEnd } from "../../ports/executor.ts";
import type { Log } from "../../ports/log.ts";
import type { Hosts } from "../../workers/hosts/hosts.ts";
import type { HostLink } from "../../workers/hosts/link.ts";
import type { Live } from "../state/live.ts";
import { holdsPlace } from "../../model/instance/status.ts";

/** Groups that have hosts at once. Beyond that, runs that were lost together are replayed together. */
const MAX_GROUPS = 16;

/** Runs that are named in the log when a host ends. */
const NAMED = 10;

/** Characters of what is said about how a host died. */
export const DETAIL_LENGTH = 200;

/** What the end of a host means for the runs in it, before they are taken out of it. */
export function lossOf({ runs, requests }: HostLink<Live>, end: HostEnd): Loss {
  if (end.kind === "closed") return WITH_SERVER;
  const isAlone = end.isShared !== true && runs.size === 1 && requests === 0;
  if (end.kind === "hung") return { kind: isAlone ? "alone" : "shared", how: `its host hung: no answer for ${end.silentMs} ms` };
  // What one instance has thrown is not for the log of another.
  if (!isAlone) return { kind: "shared", how: "its host died" };
  return { kind: "alone", how: `its host died: ${end.detail.slice(0, DETAIL_LENGTH)}` };
}

/** Logs the end of a host, and the attempts running in it. `lives` are the instances whose runs were in it. */
export function logEnd(log: Log, { version }: HostLink, end: HostEnd, lives: readonly Live[], now: number): void {
  const { script, id } = version;
  const { kind, isShared = false, ...why } = end.kind === "closed" ? { kind: end.kind } : end;
  const about = { script, scriptVersion: id, end: kind, ...why };
  log.warn("A host ended; its instances are replayed in another host", { ...about, isShared, instances: lives.length });
  const named = lives.filter(isSuspect).slice(0, NAMED);
  for (const live of named) {
    const message =
      lives.length === 1 && !isShared ? "The host was running only this run" : "The host was running this run and others";
    const attempts = openAttempts(live);
    if (attempts.length === 0) log.warn(message, { script, workflow: live.workflow, instance: live.id });
    for (const { step, attempt, ranMs } of attempts.slice(0, NAMED).map((each) => described(each, now)))
      log.warn(message, { script, workflow: live.workflow, instance: live.id, step, attempt, ranMs });
  }
}

/** Says what has been lost too often, and is not tried again. */
export function logGivenUp(log: Log, { workflow, id: instance, state }: Live, events: readonly EventBody[]): void {
  for (const event of events) {
    if (event.type === "workflow_errored" || event.type === "rollback_errored")
      log.error("An instance failed after repeated losses of its host", { workflow, instance, reason: event.error.message });
    if (event.type !== "attempt_errored" && event.type !== "rollback_attempt_errored") continue;
    if (event.retryDelayMs !== undefined) continue;
    const about = { workflow, instance, version: state.versionId, step: displayName(event.name, event.count) };
    log.error("A step failed after repeated losses of its host", {
      ...about,
      attempt: event.attempt,
      reason: event.error.message,
    });
  }
}

/** True when its code may have been at work; one that waits has only timers. */
function isSuspect({ state }: Live): boolean {
  return state.status !== "waiting";
}

function openAttempts({ state }: Live): DoStep[] {
  const open: DoStep[] = [];
  for (const step of state.open) if (step.kind === "do" && step.phase.is === "attempting") open.push(step);
  return open;
}

function described({ name, count, attempts, phase }: DoStep, now: number): { step: string; attempt: number; ranMs: number } {
  return {
    step: displayName(name, count),
    attempt: attempts,
    ranMs: phase.is === "attempting" ? Math.max(0, now - phase.since) : 0,
  };
}

/** Parts instances that were lost together with a host. */
export function part(hosts: Hosts, lives: readonly Live[]): void {
  if (hosts.groups + 2 > MAX_GROUPS && lives.length > 1) return;
  const [even, odd] = [hosts.newGroup(), hosts.newGroup()];
  lives.forEach((live, i) => {
    live.group = i % 2 === 0 ? even : odd;
  });
}

/** The group in which an instance is to run. One that has taken a host down by itself is alone from its next run on. */
export function groupOf(hosts: Hosts, live: Live): string | undefined {
  if (live.group === undefined && hosts.groups < 2 * MAX_GROUPS && isSuspicious(live)) live.group = hosts.newGroup();
  return live.group;
}

/**
 * True when it has lost a host before and has not got on since. A host that ends once may have any reason, and its runs go on
 * soonest if they go on together. Those that wait are rows from now on.
 */
export function wasLostBefore({ state }: Live): boolean {
  if (!holdsPlace(state.status)) return false;
  if (state.recoveries + state.sharedRecoveries > 0 || lossesOf(state.rollback?.step) > 0) return true;
  for (const step of state.open) if (step.kind === "do" && lossesOf(step) > 0) return true;
  return false;
}

function lossesOf(step: Pick<DoStep, "lost"> | undefined): number {
  return (step?.lost?.alone ?? 0) + (step?.lost?.shared ?? 0);
}

function isSuspicious({ state }: Live): boolean {
  if (state.recoveries > 0 || (state.rollback?.step?.lost?.alone ?? 0) > 0) return true;
  for (const step of state.open) if (step.kind === "do" && (step.lost?.alone ?? 0) > 0) return true;
  return false;
}
