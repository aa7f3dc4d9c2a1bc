/**
 * Who may run: as many instances as there are places, for all and for each workflow. The interrupted come first, then
 * those whose wait is over, then new ones, oldest first. While places are free an instance is started where it stands;
 * beyond that it stays a row, and is found again when places become free. A workflow that has all its places is passed
 * over, so that it keeps nobody else waiting.
 */
import { Failure } from "../model/errors.ts";
import type { InstanceStatus } from "../model/status.ts";
import type { InstanceSummary, ReadyKind } from "../ports/store.ts";
import { activate } from "./activate.ts";
import type { Core } from "./core.ts";
import { holdsPlace, type Live } from "./live.ts";
import { Places, type FullPlaces } from "./places.ts";
import { wakeRun } from "./wake.ts";

/** How many instances are read from the store at once. */
const PAGE = 256;

/** How long to wait before looking again when everything found was being started already, in milliseconds. */
const AGAIN_MS = 20;

/** How long to wait before looking again after something failed, in milliseconds. */
const RETRY_MS = 1_000;

/** What became of an instance that was found: it runs, its workflow is full, or somebody is at it already. */
type Taken = "started" | "held" | "busy";

export class Scheduler {
  readonly #core: Core;
  readonly #places: Places;
  /** What the store may hold that waits for a place, of workflows that are not held back. */
  readonly #backlog: Record<ReadyKind, boolean> = { interrupted: true, due: true, queued: true };
  /** Workflows that had all their places when they were last looked at; the store may hold more of their instances. */
  readonly #held: Readonly<Record<Exclude<ReadyKind, "interrupted">, Set<string>>> = { due: new Set(), queued: new Set() };
  #interruptedAfter = 0;
  #filling: Promise<void> | undefined;
  /** True after a failure, until it makes sense to try again. */
  #resting = false;

  constructor(core: Core) {
    this.#core = core;
    this.#places = new Places(core.settings.maxRunning, (workflow) => core.policies.of(workflow).limit);
  }

  /** Keeps the count of places when an instance in memory changes its status. */
  statusChanged({ workflow, state }: Live, before: InstanceStatus): void {
    if (holdsPlace(before) === holdsPlace(state.status)) return;
    if (holdsPlace(state.status)) this.#places.take(workflow);
    else this.#giveBack(workflow);
  }

  /** An instance comes into memory. */
  entered({ workflow, state }: Live): void {
    if (holdsPlace(state.status)) this.#places.take(workflow);
  }

  /** An instance leaves memory. */
  left({ workflow, state }: Live): void {
    if (holdsPlace(state.status)) this.#giveBack(workflow);
  }

  /** A commit failed: what was given up is running as far as the store knows. */
  lost(): void {
    this.#backlog.interrupted = true;
    this.#interruptedAfter = 0;
    this.#rest(RETRY_MS);
  }

  /** How many more instances of a workflow may start at once: there are places, and nobody was there before them. */
  room(workflow: string): number {
    const { interrupted, due, queued } = this.#backlog;
    if (interrupted || due || queued || this.#held.due.has(workflow) || this.#held.queued.has(workflow)) return 0;
    return this.#core.closing ? 0 : Math.max(0, this.#places.freeFor(workflow));
  }

  /** True when an instance of the workflow that waits may go on at once: it comes before those that are queued. */
  mayWake(workflow: string): boolean {
    return !this.#backlog.interrupted && this.#places.freeFor(workflow) > 0;
  }

  /** The limit that keeps instances of the workflow waiting, if there is one. */
  fullBy(workflow: string): FullPlaces | undefined {
    return this.#places.fullBy(workflow);
  }

  /** Keeps a place for an instance that is about to run; call the answer once it does. Undefined when there is none. */
  reserve(workflow: string): (() => void) | undefined {
    return this.room(workflow) > 0 ? this.#take(workflow) : undefined;
  }

  /** Keeps the place of an instance that has one while it is between two lives; undefined when it has none. */
  keep({ workflow, state }: Live): (() => void) | undefined {
    return holdsPlace(state.status) ? this.#take(workflow) : undefined;
  }

  /** Starts an instance in memory that is queued, in the place that was kept for it, or leaves it to wait for one. */
  offer(live: Live, place: (() => void) | undefined = this.reserve(live.workflow)): void {
    if (place === undefined) this.expect("queued", live.workflow);
    else void activate(this.#core, live).finally(place);
  }

  /** There are instances of this kind to look for, of one workflow or of any. */
  expect(kind: Exclude<ReadyKind, "interrupted">, workflow?: string): void {
    if (workflow !== undefined && this.#places.isFull(workflow)) {
      this.#held[kind].add(workflow);
      return;
    }
    this.#backlog[kind] = true;
    this.fill();
  }

  /** The workflow may have places again: one was given back, or it may have more than before. */
  freed(workflow: string): void {
    if (!this.#places.isFull(workflow)) {
      if (this.#held.due.delete(workflow)) this.#backlog.due = true;
      if (this.#held.queued.delete(workflow)) this.#backlog.queued = true;
    }
    this.fill();
  }

  /** Looks for instances to start, as long as there are places. */
  fill(): void {
    if (this.#filling !== undefined || this.#resting || this.#core.closing || this.#next() === undefined) return;
    this.#filling = this.#fill().then(
      (stuck) => {
        this.#filling = undefined;
        if (stuck) this.#rest(AGAIN_MS);
        else this.fill();
      },
      (cause: unknown) => {
        this.#filling = undefined;
        this.#core.log.error("Looking for work failed", { reason: String(cause) });
        this.#backlog.due = this.#backlog.queued = true;
        this.#rest(RETRY_MS);
      },
    );
  }

  /** Resolves when nothing is being looked for. */
  async quiet(): Promise<void> {
    await this.#filling;
  }

  #rest(ms: number): void {
    this.#resting = true;
    this.#core.clock.alarm(this.#core.clock.now() + ms, () => {
      this.#resting = false;
      this.fill();
    });
  }

  #take(workflow: string): () => void {
    this.#places.take(workflow);
    return () => this.#giveBack(workflow);
  }

  #giveBack(workflow: string): void {
    this.#places.giveBack(workflow);
    this.freed(workflow);
  }

  #next(): ReadyKind | undefined {
    if (this.#places.free <= 0) return undefined;
    if (this.#backlog.interrupted) return "interrupted";
    if (this.#backlog.due) return "due";
    return this.#backlog.queued ? "queued" : undefined;
  }

  /** True when all that was found is being started already: it has to get there before it makes sense to look again. */
  async #fill(): Promise<boolean> {
    for (let kind = this.#next(); kind !== undefined && !this.#core.closing; kind = this.#next()) {
      const taken = kind === "interrupted" ? await this.#fillInterrupted() : await this.#fillFrom(kind);
      if (kind !== "interrupted" && taken.length > 0 && taken.every((each) => each === "busy")) return true;
    }
    return false;
  }

  async #fillInterrupted(): Promise<Taken[]> {
    const { store, clock } = this.#core;
    const limit = Math.min(this.#places.free, PAGE);
    // Whoever expects more while this is being read sets it again.
    this.#backlog.interrupted = false;
    const found = await store.ready("interrupted", clock.now(), limit, this.#interruptedAfter);
    this.#interruptedAfter = found.at(-1)?.pk ?? this.#interruptedAfter;
    if (found.length === limit) this.#backlog.interrupted = true;
    return Promise.all(found.map((summary) => this.#start("interrupted", summary)));
  }

  async #fillFrom(kind: "due" | "queued"): Promise<Taken[]> {
    const { store, clock, policies } = this.#core;
    const limit = Math.min(this.#places.free, PAGE);
    const skip = this.#places.full();
    for (const workflow of skip) this.#held[kind].add(workflow);
    this.#backlog[kind] = false;
    const found = await store.ready(kind, clock.now(), limit, 0, skip);
    if (found.length === limit) this.#backlog[kind] = true;
    for (const workflow of new Set(found.map((each) => each.workflow))) await policies.load(workflow);
    return Promise.all(
      found.map(async (summary): Promise<Taken> => {
        const { workflow } = summary;
        if (this.#places.freeFor(workflow) > 0) {
          const giveBack = this.#take(workflow);
          return this.#start(kind, summary).finally(giveBack);
        }
        if (this.#places.isFull(workflow)) this.#held[kind].add(workflow);
        else this.#backlog[kind] = true;
        return "held";
      }),
    );
  }

  /** Starts an instance that the store has named. Once it is started, the store no longer names it. */
  async #start(kind: ReadyKind, summary: InstanceSummary): Promise<Taken> {
    let live: Live | undefined;
    try {
      live = await this.#core.instances.hold(summary);
      if (this.#core.closing || live.activating) return "busy";
      if (live.run !== undefined) {
        if (live.state.status !== "waiting") return "busy";
        wakeRun(this.#core, live, this.#core.clock.now());
      } else {
        await activate(this.#core, live, kind === "interrupted");
      }
      await this.#core.journal.durable(live);
      return "started";
    } catch (cause) {
      // Deleted meanwhile.
      if (cause instanceof Failure) return "busy";
      throw cause;
    } finally {
      if (live !== undefined) this.#core.instances.letGo(live);
    }
  }
}
