/**
 * The hosts that are open: a few for each script version in use, opened when first needed and closed when a version has
 * had nothing to do for a while. A `HostLink` is the engine's end of one host.
 */
import type { FromRuntime, ToRuntime } from "../../protocol/frames.ts";
import type { ScriptVersion } from "../../ports/catalog.ts";
import type { Clock } from "../../ports/clock.ts";
import type { BindingHandler, Executor, Host, HostEnd } from "../../ports/executor.ts";
import type { Live } from "../../engine/state/live.ts";

/** Makes what answers the binding calls of a host; `host` aborts when the host has ended. */
export type HostBindings = (host: AbortSignal) => BindingHandler;

/** Who is told what happens in hosts. */
export interface HostListener {
  frames(link: HostLink, frames: readonly FromRuntime[]): void;
  ended(link: HostLink, end: HostEnd): void;
}

/** One open host, and the runs in it. Frames of one turn leave together. */
export class HostLink {
  readonly host: Host;
  readonly version: ScriptVersion;
  readonly runs: Map<number, Live> = new Map();
  /** Requests that its script is answering, and runs that are about to begin in it. */
  requests = 0;
  /** True once the host has ended. */
  over = false;
  /** True once it gets no further work, and is closed when it has none. */
  leaving = false;
  #lastRun = 0;
  #outbox: ToRuntime[] = [];
  #acks: number[] = [];
  #scheduled = false;

  constructor(host: Host, version: ScriptVersion) {
    this.host = host;
    this.version = version;
  }

  /** A number for a run that this host has not had yet. */
  nextRun(): number {
    return (this.#lastRun += 1);
  }

  /** True when there is so little memory where the host is that those who only wait should leave it. */
  get isTight(): boolean {
    return this.leaving || this.host.isTight === true;
  }

  send(frame: ToRuntime): void {
    this.#outbox.push(frame);
    this.#schedule();
  }

  /** All `events` frames of the run up to number n are durable. */
  ack(run: number, n: number): void {
    this.#acks.push(run, n);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      const frames = this.#outbox;
      if (this.#acks.length > 0) frames.push({ type: "acks", acks: this.#acks });
      this.#outbox = [];
      this.#acks = [];
      this.host.send(frames);
    });
  }
}

/** How long the host of a group stays open when nothing is in it, in milliseconds. */
const GROUP_IDLE_MS = 1_000;

interface Pool {
  readonly key: string;
  /** Of a group of runs that share no host with others; undefined for all others, and for requests. */
  readonly group: string | undefined;
  readonly version: ScriptVersion;
  readonly links: HostLink[];
  readonly opening: Promise<HostLink>[];
  /** Set while it may be closed for having nothing to do. */
  idleAlarm: (() => void) | undefined;
  /** When something in it has ended last, in milliseconds since 1970. */
  usedAt: number;
}

export class Hosts {
  readonly #executor: Executor;
  readonly #bindings: HostBindings;
  readonly #clock: Clock;
  readonly #listener: HostListener;
  readonly #perVersion: number;
  readonly #idleMs: number;
  readonly #pools: Map<string, Pool> = new Map();
  /** Hosts that get no further work, and are closed once they have none. */
  readonly #leaving: Set<HostLink> = new Set();
  #lastGroup = 0;
  #closed = false;

  constructor(
    parts: { executor: Executor; bindings: HostBindings; clock: Clock; perVersion: number; idleMs: number },
    listener: HostListener,
  ) {
    this.#executor = parts.executor;
    this.#bindings = parts.bindings;
    this.#clock = parts.clock;
    this.#perVersion = parts.perVersion;
    this.#idleMs = parts.idleMs;
    this.#listener = listener;
  }

  /** A name for a group that there has not been yet. */
  newGroup(): string {
    return `group ${(this.#lastGroup += 1)}`;
  }

  /** How many groups have a host, or are about to. */
  get groups(): number {
    let count = 0;
    for (const { group } of this.#pools.values()) if (group !== undefined) count += 1;
    return count;
  }

  /** The least busy host of a version that is open already, when no further one is to be opened. A group has one of its own. */
  ready(versionId: string, group?: string): HostLink | undefined {
    const pool = this.#pools.get(keyOf(versionId, group));
    if (pool === undefined || pool.links.length < this.#most(pool)) return undefined;
    return leastBusy(pool.links);
  }

  /** A host of a version; opens one if there are fewer than there may be. Rejects when the code does not load. */
  async acquire(version: ScriptVersion, group?: string): Promise<HostLink> {
    const pool = this.#poolOf(version, group);
    pool.idleAlarm?.();
    pool.idleAlarm = undefined;
    if (pool.links.length + pool.opening.length < this.#most(pool)) {
      const opening = this.#open(pool);
      pool.opening.push(opening);
      const settled = (): void => {
        void pool.opening.splice(pool.opening.indexOf(opening), 1);
        this.#forgetIfEmpty(pool);
      };
      opening.then(settled, settled);
    }
    const link = leastBusy(pool.links);
    return link ?? (await Promise.race(pool.opening));
  }

  /** Tells that a run or request in a host has ended; closes hosts that nobody uses any more. */
  released(link: HostLink): void {
    if (this.#leaving.has(link) && link.runs.size + link.requests === 0) void link.host.close();
    for (const pool of this.#pools.values()) {
      if (!pool.links.includes(link)) continue;
      pool.usedAt = this.#clock.now();
      if (pool.idleAlarm === undefined && isIdle(pool)) this.#closeOnceIdle(pool);
      return;
    }
  }

  /** Under a load that comes and goes one alarm serves many pauses: it looks how long the one is that it rings in. */
  #closeOnceIdle(pool: Pool): void {
    const idleMs = pool.group === undefined ? this.#idleMs : Math.min(this.#idleMs, GROUP_IDLE_MS);
    pool.idleAlarm = this.#clock.alarm(pool.usedAt + idleMs, () => {
      pool.idleAlarm = undefined;
      if (!isIdle(pool)) return;
      if (this.#clock.now() < pool.usedAt + idleMs) this.#closeOnceIdle(pool);
      else void this.#closePool(pool);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const pools = [...this.#pools.values()].map((pool) => this.#closePool(pool));
    const leaving = [...this.#leaving].map((link) => link.host.close());
    // Not after them: hosts that are opening need not be waited for.
    await Promise.all([...pools, ...leaving, this.#executor.close()]);
  }

  #most({ group }: Pool): number {
    return group === undefined ? this.#perVersion : 1;
  }

  #poolOf(version: ScriptVersion, group: string | undefined): Pool {
    const key = keyOf(version.id, group);
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      pool = { key, group, version, links: [], opening: [], idleAlarm: undefined, usedAt: 0 };
      this.#pools.set(key, pool);
    }
    return pool;
  }

  /** A pool whose last host has ended by itself. */
  #forgetIfEmpty(pool: Pool): void {
    if (pool.links.length + pool.opening.length > 0) return;
    pool.idleAlarm?.();
    pool.idleAlarm = undefined;
    if (this.#pools.get(pool.key) === pool) this.#pools.delete(pool.key);
  }

  async #open(pool: Pool): Promise<HostLink> {
    const over = new AbortController();
    const host = await this.#executor.open(pool.version, this.#bindings(over.signal)).catch((cause: unknown) => {
      over.abort();
      throw cause;
    });
    void host.ended.then(() => over.abort());
    const link = new HostLink(host, pool.version);
    if (this.#closed) {
      await host.close();
      return link;
    }
    host.onFrames((frames) => this.#listener.frames(link, frames));
    pool.links.push(link);
    void host.leaving?.then(() => {
      if (link.over) return;
      link.leaving = true;
      remove(pool, link);
      this.#leaving.add(link);
      this.#forgetIfEmpty(pool);
      this.released(link);
    });
    void host.ended.then((end) => {
      remove(pool, link);
      this.#leaving.delete(link);
      link.over = true;
      this.#forgetIfEmpty(pool);
      this.#listener.ended(link, end);
    });
    return link;
  }

  async #closePool(pool: Pool): Promise<void> {
    pool.idleAlarm?.();
    if (this.#pools.get(pool.key) === pool) this.#pools.delete(pool.key);
    await Promise.allSettled(pool.opening);
    await Promise.all(pool.links.map((link) => link.host.close()));
  }
}

function remove({ links }: Pool, link: HostLink): void {
  const at = links.indexOf(link);
  if (at >= 0) links.splice(at, 1);
}

function isIdle({ links }: Pool): boolean {
  return links.every(({ runs, requests }) => runs.size + requests === 0);
}

function keyOf(versionId: string, group: string | undefined): string {
  return group === undefined ? versionId : `${versionId} ${group}`;
}

function leastBusy(links: readonly HostLink[]): HostLink | undefined {
  let best: HostLink | undefined;
  for (const link of links) if (best === undefined || link.runs.size < best.runs.size) best = link;
  return best;
}
