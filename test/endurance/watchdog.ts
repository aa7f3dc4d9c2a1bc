/**
 * Finds instances that could go on and have not. It looks at what is, not at what happened: at each look it asks the database for
 * the instances that have something to do, and remembers since when each of them has been in the same state.
 */
import type { Unfinished } from "./database.ts";

/** How long an instance that could go on may stand still, in milliseconds. */
export const PATIENCE_MS = 5_000;

/** The most that one look adds to the clock: a suite that was itself held up, or asleep, has seen nothing in between. */
const LONGEST_GAP_MS = 2_000;

/** What is looked at. */
export interface Watched {
  running(): readonly Unfinished[];
  due(at: number): readonly Unfinished[];
  queued(): readonly Unfinished[];
}

/** What a scenario says of its load. */
export interface Load {
  /** How long user code may take between two journal entries, in milliseconds. */
  readonly slowestMs?: number;
  /** Instances that may run at once; queued ones beyond that have to wait. Default 10,000. */
  readonly maxRunning?: number;
  /** Instances whose user code never makes progress on purpose. */
  readonly isExempt?: (instance: Unfinished) => boolean;
}

export interface Stuck extends Unfinished {
  /** For how long it has been seen in this state, in milliseconds. */
  readonly forMs: number;
}

export class Watchdog {
  readonly #watched: Watched;
  readonly #load: Load;
  /** By primary key and state: the time of the first look that found it so. */
  #since: Map<string, number> = new Map();
  #now = 0;
  #lastLook: number | undefined;

  constructor(watched: Watched, load: Load = {}) {
    this.#watched = watched;
    this.#load = load;
  }

  /** Looks, at a time in epoch milliseconds; answers the instances that have stood still for too long. */
  look(at: number): Stuck[] {
    this.#now += Math.min(at - (this.#lastLook ?? at), LONGEST_GAP_MS);
    this.#lastLook = at;
    const { slowestMs = 0, maxRunning = 10_000, isExempt = () => false } = this.#load;
    const running = this.#watched.running();
    const hasFree = running.length < maxRunning;
    const waiting = hasFree ? [...this.#watched.due(at), ...this.#watched.queued()] : [];
    const before = this.#since;
    this.#since = new Map();
    const stuck = (instances: readonly Unfinished[], patienceMs: number): Stuck[] =>
      instances.flatMap((instance) => {
        if (isExempt(instance)) return [];
        const key = `${instance.pk} ${instance.status} ${instance.seq}`;
        const since = before.get(key) ?? this.#now;
        this.#since.set(key, since);
        const forMs = this.#now - since;
        return forMs > patienceMs ? [{ ...instance, forMs }] : [];
      });
    return [...stuck(running, PATIENCE_MS + slowestMs), ...stuck(waiting, PATIENCE_MS)];
  }
}

/** A few of them in words. */
export function describe(stuck: readonly Stuck[]): string {
  const some = stuck.slice(0, 5).map(({ workflow, id, status, seq, wakeAt, forMs }) => {
    const due = wakeAt === null ? "" : `, timer due at ${new Date(wakeAt).toISOString()}`;
    return `${workflow}/${id} ${status} for ${Math.round(forMs / 1_000)} s at journal row ${seq}${due}`;
  });
  return `${stuck.length} could go on and have not: ${some.join("; ")}${stuck.length > some.length ? "; …" : ""}`;
}
