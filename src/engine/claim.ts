/**
 * Who may run: as many instances as there are places, the interrupted first, then those whose wait is over, then new
 * ones, oldest first. While places are free an instance is started where it stands; beyond that it stays a row, and is
 * found again when places become free.
 */
import type { InstanceStatus } from "../model/status.ts";
import type { InstanceSummary, ReadyKind } from "../ports/store.ts";
import { activate } from "./activate.ts";
import { apply, type Core } from "./core.ts";
import { holdsPlace, type Live } from "./live.ts";

/** How many instances are read from the store at once. */
const PAGE = 256;

/** How long to wait before looking again when everything found was being started already, in milliseconds. */
const AGAIN_MS = 20;

/** How long to wait before looking again after something failed, in milliseconds. */
const RETRY_MS = 1_000;

export class Scheduler {
  readonly #core: Core;
  /** Instances that hold a place. */
  #running = 0;
  /** Activations under way of instances that do not hold one yet. */
  #starting = 0;
  /** What the store may hold that waits for a place. */
  readonly #backlog: Record<ReadyKind, boolean> = { interrupted: true, due: true, queued: true };
  #interruptedAfter = 0;
  #filling: Promise<void> | undefined;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Keeps the count of places when an instance in memory changes its status. */
  statusChanged(before: InstanceStatus, after: InstanceStatus): void {
    if (holdsPlace(before) === holdsPlace(after)) return;
    this.#running += holdsPlace(after) ? 1 : -1;
    if (!holdsPlace(after)) this.fill();
  }

  /** An instance with this status comes into memory. */
  entered(status: InstanceStatus): void {
    if (holdsPlace(status)) this.#running += 1;
  }

  /** An instance with this status leaves memory. */
  left(status: InstanceStatus): void {
    if (!holdsPlace(status)) return;
    this.#running -= 1;
    this.fill();
  }

  /** A commit failed: what was given up is running as far as the store knows. */
  lost(): void {
    this.#backlog.interrupted = true;
    this.#interruptedAfter = 0;
    this.#core.clock.alarm(this.#core.clock.now() + RETRY_MS, () => this.fill());
  }

  /** True when an instance that is queued now may start at once: there is a place, and nobody was there before it. */
  mayStart(): boolean {
    return !this.#backlog.queued && !this.#backlog.due && !this.#core.closing && this.#free() > 0;
  }

  /** Keeps a place for an instance that is about to be made; call the answer once it is there. Undefined when there is none. */
  reserve(): (() => void) | undefined {
    if (!this.mayStart()) return undefined;
    this.#starting += 1;
    return () => {
      this.#starting -= 1;
    };
  }

  /** Starts an instance in memory that is queued, or leaves it to wait for a place. */
  offer(live: Live): void {
    if (this.mayStart()) void this.#start(live);
    else this.expect("queued");
  }

  /** There are instances of this kind to look for. */
  expect(kind: ReadyKind): void {
    this.#backlog[kind] = true;
    this.fill();
  }

  /** Looks for instances to start, as long as there are places. */
  fill(): void {
    if (this.#filling !== undefined || this.#core.closing || this.#next() === undefined) return;
    this.#filling = this.#fill().then(
      (stuck) => {
        this.#filling = undefined;
        if (stuck) this.#core.clock.alarm(this.#core.clock.now() + AGAIN_MS, () => this.fill());
        else this.fill();
      },
      (cause: unknown) => {
        this.#filling = undefined;
        this.#core.log.error("Looking for work failed", { reason: String(cause) });
        this.#core.clock.alarm(this.#core.clock.now() + RETRY_MS, () => this.fill());
      },
    );
  }

  /** Resolves when nothing is being looked for. */
  async quiet(): Promise<void> {
    await this.#filling;
  }

  #free(): number {
    return this.#core.settings.maxRunning - this.#running - this.#starting;
  }

  #next(): ReadyKind | undefined {
    if (this.#free() <= 0) return undefined;
    if (this.#backlog.interrupted) return "interrupted";
    if (this.#backlog.due) return "due";
    return this.#backlog.queued ? "queued" : undefined;
  }

  /** True when all that was found is being started already: it has to get there before it makes sense to look again. */
  async #fill(): Promise<boolean> {
    for (let kind = this.#next(); kind !== undefined && !this.#core.closing; kind = this.#next()) {
      const limit = Math.min(this.#free(), PAGE);
      // Whoever expects more while this is being read sets it again.
      this.#backlog[kind] = false;
      const found = await this.#core.store.ready(kind, this.#core.clock.now(), limit, this.#interruptedAfter);
      if (kind === "interrupted") this.#interruptedAfter = found.at(-1)?.pk ?? this.#interruptedAfter;
      if (found.length === limit) this.#backlog[kind] = true;
      const started = await Promise.all(found.map((summary) => this.#take(kind, summary)));
      // What was claimed must have left the store's lists before they are read again.
      await this.#core.journal.quiet();
      if (kind !== "interrupted" && found.length > 0 && !started.includes(true)) return true;
    }
    return false;
  }

  /** Starts an instance that the store has named; false when it is on its way already. */
  async #take(kind: ReadyKind, summary: InstanceSummary): Promise<boolean> {
    const live = await this.#core.instances.hold(summary);
    try {
      if (this.#core.closing || live.run !== undefined || live.activating) return false;
      if (kind === "interrupted") apply(this.#core, live, { type: "recover" });
      await this.#start(live);
      return true;
    } finally {
      this.#core.instances.letGo(live);
    }
  }

  async #start(live: Live): Promise<void> {
    this.#starting += 1;
    await activate(this.#core, live);
    this.#starting -= 1;
  }
}
