/**
 * What all verbs of the engine share: the world that they were given, the instances in memory, and the one way in which
 * a command reaches an instance. No verb keeps state of its own about an instance.
 */
import { decide } from "../../model/instance/decide.ts";
import type { Command, Decision } from "../../model/instance/command.ts";
import type { EventBody } from "../../model/instance/events.ts";
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import type { InstanceStatus } from "../../model/instance/status.ts";
import type { Arrangements } from "../../ports/arrangements.ts";
import type { Catalog } from "../../ports/catalog.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Ids } from "../../ports/ids.ts";
import type { Log } from "../../ports/log.ts";
import type { NoticeTaker } from "../../ports/notices.ts";
import type { Store } from "../../ports/store.ts";
import type { Vault } from "../../ports/vault.ts";
import type { Admission, CreationLimits } from "../verbs/admit.ts";
import type { Departures } from "../memory/departures.ts";
import type { StoreHealth } from "./health.ts";
import type { Hosts } from "../runs/hosts.ts";
import type { Instances } from "../memory/instances.ts";
import type { Journal } from "../journal/journal.ts";
import type { Live, Run } from "./live.ts";
import type { Policies } from "./policies.ts";
import type { Reads } from "../reading/reads.ts";
import type { Turns } from "../memory/turns.ts";
import type { Versions } from "./versions.ts";

/** Limits that the person who runs the engine may set. */
export interface EngineLimits extends CreationLimits {
  /** How many instances may be running (not waiting) at once; further ones stay queued. Default 10,000. */
  readonly maxRunning: number;
}

/** What the person who runs the engine may set. */
export interface EngineSettings extends EngineLimits {
  /** How many hosts a script version may have. Default 1. */
  readonly hostsPerVersion: number;
  /** How long an instance that only waits stays in memory, in milliseconds. Default 60,000. */
  readonly parkAfterMs: number;
  /** How many instances that only wait may be in memory; the longest idle leave first. Default 2,000. */
  readonly maxIdle: number;
  /** How long the hosts of a version that nobody uses stay open, in milliseconds. Default 60,000. */
  readonly hostIdleMs: number;
  /** The delay before a step's first retry when it names none, in milliseconds. Default 10,000, as in production. */
  readonly defaultRetryDelayMs: number;
}

export const DEFAULT_SETTINGS: EngineSettings = {
  maxRunning: 10_000,
  maxQueued: LIMITS.queued,
  createRate: Infinity,
  createRatePerWorkflow: Infinity,
  hostsPerVersion: 1,
  parkAfterMs: 60_000,
  maxIdle: 2_000,
  hostIdleMs: 60_000,
  defaultRetryDelayMs: 10_000,
};

/** The side doors through which a change of an instance is noticed elsewhere in the engine. */
export interface Effects {
  /** After every change of an instance in memory, at once. */
  changed(live: Live, before: InstanceStatus, events: readonly EventBody[]): void;
  /** A run of the instance has begun. */
  started(live: Live): void;
  /** It has ended, with its host or alone. */
  ended(live: Live, run: Run, isLost: boolean): void;
  /** Memory can no longer be trusted about the instance: it is given up, and read again from the store. */
  lost(live: Live): void;
}

export interface Core {
  readonly store: Store;
  readonly vault: Vault;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly notices: NoticeTaker;
  /** What tests have arranged for instances; absent outside of tests. */
  readonly arrangements?: Arrangements | undefined;
  readonly settings: EngineSettings;
  readonly health: StoreHealth;
  readonly journal: Journal;
  readonly instances: Instances;
  readonly admission: Admission;
  readonly policies: Policies;
  readonly versions: Versions;
  readonly hosts: Hosts;
  /** Spreads what many instances do at once. */
  readonly turns: Turns;
  /** Keeps runs from beginning while others leave. */
  readonly departures: Departures;
  /** Spreads reads of journals. */
  readonly reads: Reads;
  readonly effects: Effects;
  /** True once the engine is closing: no new work is taken. */
  closing: boolean;
}

/**
 * Applies a command: decides, records, and tells the rest of the engine. Durable later — see `Journal.whenDurable`.
 * A refusal has changed nothing.
 */
export function apply(core: Core, live: Live, command: Command, now: number = core.clock.now()): Decision {
  if (live.gone) return { refused: "instance.not_found" };
  const before = live.state.status;
  const decision = decide(live.state, command, now);
  if ("events" in decision && decision.events.length > 0) {
    core.journal.record(live, decision.events, now);
    core.effects.changed(live, before, decision.events);
  }
  return decision;
}

/** Throws the `Failure` with which every change is refused: nothing can be stored now, or the engine is closing. */
export function checkOpen({ health, closing }: Pick<Core, "health" | "closing">): void {
  if (health.failure !== undefined) throw health.failure;
  if (closing) throw new Failure("shutting_down");
}

/** As `apply`, for verbs that somebody waits for: throws a refusal, resolves when the change is durable. */
export async function applyDurably(core: Core, live: Live, command: Command): Promise<readonly EventBody[]> {
  checkOpen(core);
  const decision = apply(core, live, command);
  if ("refused" in decision) {
    throw new Failure(decision.refused, decision.detail === undefined ? {} : { detail: decision.detail });
  }
  await core.journal.durable(live);
  return decision.events;
}
