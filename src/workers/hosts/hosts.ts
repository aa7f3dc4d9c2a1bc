/**
 * The hosts that are open: a few for each script version in use, opened when first needed and closed when a version has
 * had nothing to do for a while. Runs of instances and calls of handlers share them.
 */
import type { ScriptVersion } from "../../ports/catalog/script-versions.ts";
import type { Failure } from "../../model/failures/failure.ts";
import type { Clock } from "../../ports/clock.ts";
import type { BindingHandler, Executor, Host } from "../../ports/executor.ts";
import { openSecrets } from "../../bindings/secrets.ts";
import { noVault } from "../../noop/vault.ts";
import type { Vault } from "../../ports/vault.ts";
import { BindingRegistry } from "./binding-registry.ts";
import { HostLink, type HostListener } from "./link.ts";

/** What hosts are opened with. */
export interface HostsParts {
  readonly executor: Executor;
  readonly clock: Clock;
  /** Opens the secrets of a script when it is loaded, and nowhere before that. */
  readonly vault?: Vault;
  /** Answers binding calls. */
  readonly bindings?: Pick<BindingRegistry, "of">;
  /** How many hosts a script version may have. Default: 1. */
  readonly perVersion?: number;
  /** How long the hosts of an unused version stay open, in milliseconds. Default: 60,000. */
  readonly idleMs?: number;
}

/** How long the host of a group stays open when nothing is in it, in milliseconds. */
const GROUP_IDLE_MS = 1_000;

interface Pool<R> {
  readonly key: string;
  /** Of a group of runs that share no host with others; undefined for all others, and for requests. */
  readonly group: string | undefined;
  readonly version: ScriptVersion;
  readonly links: HostLink<R>[];
  readonly opening: Promise<HostLink<R>>[];
  /** Set while it may be closed for having nothing to do. */
  idleAlarm: (() => void) | undefined;
  /** When something in it has ended last, by `elapsed` of the clock. */
  usedAt: number;
}

export class Hosts<R = unknown> {
  readonly #executor: Executor;
  readonly #vault: Vault;
  readonly #bindingsOf: (host: AbortSignal) => BindingHandler;
  readonly #clock: Clock;
  readonly #perVersion: number;
  readonly #idleMs: number;
  readonly #pools: Map<string, Pool<R>> = new Map();
  /** Hosts that get no further work, and are closed once they have none. */
  readonly #leaving: Set<HostLink<R>> = new Set();
  #listener: HostListener<R> | undefined;
  #lastGroup = 0;
  #refusal: Failure | undefined;
  #closed = false;

  constructor({
    executor,
    clock,
    vault = noVault,
    bindings = new BindingRegistry(),
    perVersion = 1,
    idleMs = 60_000,
  }: HostsParts) {
    this.#executor = executor;
    this.#vault = vault;
    this.#bindingsOf = (host) => bindings.of(host);
    this.#clock = clock;
    this.#perVersion = perVersion;
    this.#idleMs = idleMs;
  }

  /** Names the owner of the runs. Once, before the first run. */
  listen(listener: HostListener<R>): void {
    this.#listener = listener;
  }

  /** Why calls of handlers are refused; undefined while they are taken. */
  get refusal(): Failure | undefined {
    return this.#refusal;
  }

  /** Refuses calls of handlers from now on; those under way go on. The first reason counts. */
  refuse(reason: Failure): void {
    this.#refusal ??= reason;
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
  ready(versionId: string, group?: string): HostLink<R> | undefined {
    const pool = this.#pools.get(keyOf(versionId, group));
    if (pool === undefined || pool.links.length < this.#most(pool)) return undefined;
    return leastBusy(pool.links);
  }

  /** A host of a version; opens one if there are fewer than there may be. Rejects when the code does not load. */
  async acquire(version: ScriptVersion, group?: string): Promise<HostLink<R>> {
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

  /** Reports that a run or request in a host has ended; closes hosts that are no longer used. */
  released(link: HostLink<R>): void {
    if (this.#leaving.has(link) && link.runs.size + link.requests === 0) void link.host.close();
    for (const pool of this.#pools.values()) {
      if (!pool.links.includes(link)) continue;
      pool.usedAt = this.#clock.elapsed();
      if (pool.idleAlarm === undefined && isIdle(pool)) this.#closeOnceIdle(pool);
      return;
    }
  }

  /** Under a load that comes and goes one alarm serves many pauses: it looks how long the one is that it rings in. */
  #closeOnceIdle(pool: Pool<R>): void {
    const idleMs = pool.group === undefined ? this.#idleMs : Math.min(this.#idleMs, GROUP_IDLE_MS);
    const leftMs = (): number => pool.usedAt + idleMs - this.#clock.elapsed();
    pool.idleAlarm = this.#clock.alarm(this.#clock.now() + leftMs(), () => {
      pool.idleAlarm = undefined;
      if (!isIdle(pool)) return;
      if (leftMs() > 0) this.#closeOnceIdle(pool);
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

  #most({ group }: Pool<R>): number {
    return group === undefined ? this.#perVersion : 1;
  }

  #poolOf(version: ScriptVersion, group: string | undefined): Pool<R> {
    const key = keyOf(version.id, group);
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      pool = { key, group, version, links: [], opening: [], idleAlarm: undefined, usedAt: 0 };
      this.#pools.set(key, pool);
    }
    return pool;
  }

  /** A pool whose last host has ended by itself. */
  #forgetIfEmpty(pool: Pool<R>): void {
    if (pool.links.length + pool.opening.length > 0) return;
    pool.idleAlarm?.();
    pool.idleAlarm = undefined;
    if (this.#pools.get(pool.key) === pool) this.#pools.delete(pool.key);
  }

  async #open(pool: Pool<R>): Promise<HostLink<R>> {
    const over = new AbortController();
    const host = await this.#load(pool.version, over.signal).catch((cause: unknown) => {
      over.abort();
      throw cause;
    });
    void host.ended.then(() => over.abort());
    const link = new HostLink(host, pool.version, this.#listener);
    if (this.#closed) {
      await host.close();
      return link;
    }
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
      this.#listener?.ended(link, end);
    });
    return link;
  }

  async #load(version: ScriptVersion, host: AbortSignal): Promise<Host> {
    return this.#executor.open(openSecrets(this.#vault, version), this.#bindingsOf(host));
  }

  async #closePool(pool: Pool<R>): Promise<void> {
    pool.idleAlarm?.();
    if (this.#pools.get(pool.key) === pool) this.#pools.delete(pool.key);
    await Promise.allSettled(pool.opening);
    await Promise.all(pool.links.map((link) => link.host.close()));
  }
}

function remove<R>({ links }: Pool<R>, link: HostLink<R>): void {
  const at = links.indexOf(link);
  if (at >= 0) links.splice(at, 1);
}

function isIdle({ links }: Pool<unknown>): boolean {
  return links.every(({ runs, requests }) => runs.size + requests === 0);
}

function keyOf(versionId: string, group: string | undefined): string {
  return group === undefined ? versionId : `${versionId} ${group}`;
}

function leastBusy<R>(links: readonly HostLink<R>[]): HostLink<R> | undefined {
  let best: HostLink<R> | undefined;
  for (const link of links) if (best === undefined || link.runs.size < best.runs.size) best = link;
  return best;
}
