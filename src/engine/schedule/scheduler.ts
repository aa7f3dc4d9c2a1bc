/**
 * Which instances may run: as many as there are places, in total and for each workflow. Interrupted instances come first,
 * then due ones, then new ones, oldest first. While places are free an instance is started at once; beyond that it stays a
 * row, and is found again when places become free. A workflow that has all its places is skipped, so that it does not hold
 * up others.
 *
 * Ready instances are found by looking into the store. An event — a timer, a freed place, a failed commit — only makes the
 * next look come earlier, and every few seconds a look comes that assumes nothing.
 */
import { Failure } from "../../model/failures/failure.ts";
import { holdsPlace, type InstanceStatus } from "../../model/instance/status.ts";
import type { InstanceSummary } from "../../ports/instances/summary.ts";
import type { ReadyKind } from "../../ports/instances/instance-index.ts";
import { RecurringLook } from "../../upkeep/recurring-look.ts";
import { activate } from "../runs/activate.ts";
import type { Core } from "../runs/core.ts";
import type { HealthListener } from "../state/health.ts";
import type { PolicyListener } from "../state/policies.ts";
import type { FullPlaces } from "../contract.ts";
import { checkAll } from "./check.ts";
import type { Parking } from "./parking.ts";
import { Places } from "./places.ts";
import type { DuePlaces, Timers } from "./timers.ts";
import { wakeRun } from "../runs/signal.ts";
import type { Live } from "../state/live.ts";

/** How many instances are read from the store at once. */
const PAGE = 256;

/** How often everything is looked at, whatever is known, in milliseconds. */
const POLL_MS = 2_000;

/** The rest after a look that found only what is being started already: at first and at the most, in milliseconds. */
const STUCK_MS = 20;
const STUCK_MOST_MS = 500;

/** How long a look waits for what it starts, in milliseconds: one slow host may not keep all others waiting. */
const START_MS = 1_000;

/** What became of an instance that was found: it runs, its workflow is full, or another caller is starting it already. */
type Taken = "started" | "held" | "busy";

/** How far the instances that hold a place in the store have been gone through, by key. */
interface Walk {
  after: number;
  /** True when some of them are known or feared to be missing in memory. Otherwise a page of them is looked at now and then. */
  urgent: boolean;
}

export class Scheduler implements DuePlaces, HealthListener, PolicyListener {
  readonly #core: Core;
  readonly #timers: Timers;
  readonly #parking: Parking;
  readonly #places: Places;
  readonly #looks: RecurringLook;
  /** When everything is looked at next, by `elapsed`. */
  #pollAt = -Infinity;
  #walk: Walk = { after: 0, urgent: true };
  /** When the first instance outside memory is due, as far as is known, in epoch milliseconds. */
  #dueAt = -Infinity;
  /** The store may hold queued instances of workflows that are not full. */
  #queued = true;
  /** Workflows that had all their places when they were last looked at; the store may hold more of their instances. */
  readonly #held: Readonly<Record<Exclude<ReadyKind, "interrupted">, Set<string>>> = { due: new Set(), queued: new Set() };
  /** Instances that were found and have not started yet. */
  readonly #starting: Set<number> = new Set();
  /** Looks in a row that found only such instances, and how long there is no other after that, by `elapsed`. */
  #stuck = 0;
  #restUntil = -Infinity;
  /** Ends the wait for what is being started. */
  #waitNoMore: () => void = () => undefined;

  constructor(core: Core, timers: Timers, parking: Parking) {
    this.#core = core;
    this.#timers = timers;
    this.#parking = parking;
    this.#places = new Places(core.settings.maxRunning, (workflow) => core.policies.of(workflow).limit);
    const { clock, log } = core;
    const says = { fails: "Ready instances cannot be read from the store", works: "Ready instances can be read again" };
    this.#looks = new RecurringLook({ clock, log, ...says, leastMs: 1_000, mostMs: 5_000, look: () => this.#look() });
    timers.listen(this);
    core.health.listen(this);
    core.policies.listen(this);
  }

  recovered(): void {
    this.look();
  }

  /** It may have more places than before. */
  policyChanged(workflow: string): void {
    this.freed(workflow);
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

  /** An instance in memory was given up, or it is not known whether one was created: no place is given away before the store is asked. */
  unsure(): void {
    this.#walk = { after: 0, urgent: true };
    this.#dueAt = -Infinity;
    this.#queued = true;
    this.look();
  }

  /** How many more instances of a workflow may start at once: places are free, and no other instance waits for them. */
  room(workflow: string): number {
    if (this.#walk.urgent || this.#queued || this.#held.due.has(workflow) || this.#held.queued.has(workflow)) return 0;
    if (this.#core.closing || this.#dueAt <= this.#core.clock.now()) return 0;
    return Math.max(0, this.#places.freeFor(workflow));
  }

  /** True when an instance of the workflow that waits may go on at once: it comes before queued ones. */
  mayWake(workflow: string): boolean {
    return !this.#walk.urgent && this.#places.freeFor(workflow) > 0;
  }

  /** The limit that keeps instances of the workflow waiting, if there is one. */
  fullBy(workflow: string): FullPlaces | undefined {
    return this.#places.fullBy(workflow);
  }

  /** Keeps a place for an instance that is about to run; call the answer once it does. Undefined when there is none. */
  reserve(workflow: string): (() => void) | undefined {
    return this.room(workflow) > 0 ? this.#take(workflow) : undefined;
  }

  /**
   * Keeps the place of an instance that has one while it is between two lives; undefined when it has none, or one more than there
   * are: a rollback does not wait for a place.
   */
  keep({ workflow, state }: Live): (() => void) | undefined {
    return holdsPlace(state.status) && this.#places.freeFor(workflow) >= 0 ? this.#take(workflow) : undefined;
  }

  /** Starts an instance in memory that is queued, in the place that was kept for it, or leaves it to wait for one. */
  offer(live: Live, place: (() => void) | undefined = this.reserve(live.workflow)): void {
    if (place === undefined) this.expect("queued", live.workflow);
    else void activate(this.#core, live).finally(place);
  }

  /** There is an instance of this kind in the store, of this workflow. */
  expect(kind: Exclude<ReadyKind, "interrupted">, workflow: string): void {
    if (this.#places.isFull(workflow)) {
      this.#held[kind].add(workflow);
      return;
    }
    this.#mayHave(kind);
    this.look();
  }

  /** The store may hold an instance of this kind that can be started. */
  #mayHave(kind: Exclude<ReadyKind, "interrupted">): void {
    if (kind === "due") this.#dueAt = -Infinity;
    else this.#queued = true;
  }

  /** An instance outside memory is due at `at`, in epoch milliseconds. */
  expectDue(at: number): void {
    if (at >= this.#dueAt) return;
    this.#dueAt = at;
    this.#looks.by(at);
  }

  /** The workflow may have places again: one was given back, or it may have more than before. */
  freed(workflow: string): void {
    if (!this.#places.isFull(workflow)) {
      for (const kind of ["due", "queued"] as const) if (this.#held[kind].delete(workflow)) this.#mayHave(kind);
    }
    this.look();
  }

  /** Looks for instances to start, if there may be any for which there is a place. */
  look(): void {
    const { clock } = this.#core;
    if (clock.elapsed() >= this.#restUntil && this.#next(clock.now()) !== undefined) this.#looks.now();
  }

  /** Looks for no more instances. Resolves when no look is running. */
  close(): Promise<void> {
    this.#waitNoMore();
    return this.#looks.close();
  }

  #take(workflow: string): () => void {
    this.#places.take(workflow);
    return () => this.#giveBack(workflow);
  }

  #giveBack(workflow: string): void {
    this.#places.giveBack(workflow);
    this.freed(workflow);
  }

  /** The kind to look for next: one of which there may be some, or one that was not `asked` for yet. */
  #next(now: number, unasked?: ReadonlySet<ReadyKind>): ReadyKind | undefined {
    // Nothing is started while nothing can be stored: it would only have to be started again.
    if (this.#places.free <= 0 || this.#core.closing || this.#core.health.failure !== undefined) return undefined;
    if (this.#walk.urgent || unasked?.has("interrupted") === true) return "interrupted";
    if (this.#dueAt <= now || unasked?.has("due") === true) return "due";
    return this.#queued || unasked?.has("queued") === true ? "queued" : undefined;
  }

  /** Answers when to look next. */
  async #look(): Promise<number> {
    const { clock } = this.#core;
    const isPoll = clock.elapsed() >= this.#pollAt;
    if (isPoll) {
      this.#pollAt = clock.elapsed() + POLL_MS;
      await checkAll(this.#core, this.#timers, this.#parking);
    }
    const unasked = new Set<ReadyKind>(isPoll ? ["interrupted", "due", "queued"] : []);
    for (let kind = this.#next(clock.now(), unasked); kind !== undefined; kind = this.#next(clock.now(), unasked)) {
      unasked.delete(kind);
      const taken = await (kind === "interrupted" ? this.#fillInterrupted() : this.#fillFrom(kind));
      if (taken.includes("started")) this.#stuck = 0;
      else if (taken.includes("busy")) return this.#rest();
    }
    const now = clock.now();
    return Math.min(now + (this.#pollAt - clock.elapsed()), this.#dueAt > now ? this.#dueAt : Infinity);
  }

  /** All that was found is being started already: it has to get there before it makes sense to look again. */
  #rest(): number {
    const { clock } = this.#core;
    const restMs = Math.min(STUCK_MS * 2 ** this.#stuck, STUCK_MOST_MS);
    this.#restUntil = clock.elapsed() + restMs;
    this.#stuck = Math.min(this.#stuck + 1, 10);
    return clock.now() + restMs;
  }

  /** Reads a page of the instances that hold a place in the store, and starts the ones that are not in memory. */
  async #fillInterrupted(): Promise<Taken[]> {
    const { store, clock, instances, journal } = this.#core;
    const walk = this.#walk;
    const found = await store.ready("interrupted", clock.now(), PAGE, walk.after);
    const isMissing = ({ pk }: InstanceSummary): boolean => instances.get(pk) === undefined && !this.#starting.has(pk);
    let missing = found.filter(isMissing);
    if (missing.length > 0) {
      // What has just been created is in the store before it is here.
      await journal.settled();
      missing = missing.filter(isMissing);
    }
    const next = missing.slice(0, Math.max(0, this.#places.free));
    const isEnd = found.length < PAGE && next.length === missing.length;
    if (next.length < missing.length) walk.after = next.at(-1)?.pk ?? walk.after;
    else walk.after = isEnd ? 0 : (found.at(-1)?.pk ?? 0);
    walk.urgent = !isEnd && (walk.urgent || missing.length > 0);
    // Their places are theirs while they are read, however long that takes.
    const start = (summary: InstanceSummary): Promise<Taken> =>
      this.#start("interrupted", summary).finally(this.#take(summary.workflow));
    return this.#startAll(next, start).catch((cause: unknown) => {
      this.#walk = { after: 0, urgent: true };
      throw cause;
    });
  }

  async #fillFrom(kind: "due" | "queued"): Promise<Taken[]> {
    const { store, clock, policies } = this.#core;
    const limit = Math.min(this.#places.free, PAGE) + this.#starting.size;
    const skip = this.#places.full();
    for (const workflow of skip) this.#held[kind].add(workflow);
    // Whatever is expected while this is being read comes on top.
    if (kind === "due") this.#dueAt = Infinity;
    else this.#queued = false;
    const now = clock.now();
    let found: InstanceSummary[];
    try {
      found = await store.ready(kind, now, limit, 0, skip);
      const hasMore = found.length === limit;
      if (kind === "queued") this.#queued ||= hasMore;
      // Not `expectDue`: a look that finds the same again is to be followed by a rest, not by another look.
      else this.#dueAt = Math.min(this.#dueAt, hasMore ? -Infinity : ((await store.nextWake(now)) ?? Infinity));
      for (const workflow of new Set(found.map((each) => each.workflow))) await policies.load(workflow);
    } catch (cause) {
      this.#mayHave(kind);
      throw cause;
    }
    return this.#startAll(found, (summary) => this.#startInPlace(kind, summary));
  }

  async #startInPlace(kind: "due" | "queued", summary: InstanceSummary): Promise<Taken> {
    const { workflow, pk } = summary;
    if (this.#starting.has(pk)) return "busy";
    if (this.#places.freeFor(workflow) > 0) {
      const giveBack = this.#take(workflow);
      return this.#start(kind, summary).finally(giveBack);
    }
    if (this.#places.isFull(workflow)) this.#held[kind].add(workflow);
    else this.#mayHave(kind);
    return "held";
  }

  /** Starts what was found. Does not wait for long: what has not started by then is busy, and goes on by itself. */
  async #startAll(found: readonly InstanceSummary[], start: (summary: InstanceSummary) => Promise<Taken>): Promise<Taken[]> {
    const { clock } = this.#core;
    const taken: Taken[] = found.map(() => "busy");
    const starts = Promise.all(
      found.map(async (summary, i) => {
        taken[i] = await start(summary);
      }),
    );
    const late = Promise.withResolvers<void>();
    const cancel = clock.alarm(clock.now() + START_MS, late.resolve);
    this.#waitNoMore = late.resolve;
    try {
      await Promise.race([starts, late.promise]);
    } finally {
      cancel();
    }
    return taken;
  }

  /** True when a place that was given may be another's: an instance that had given it back has been given up, and has it again. */
  #isVoid(workflow: string): boolean {
    return this.#walk.urgent || this.#places.freeFor(workflow) < 0;
  }

  /** Starts an instance that the store has named. Once it is started, the store no longer names it. */
  async #start(kind: ReadyKind, summary: InstanceSummary): Promise<Taken> {
    let live: Live | undefined;
    this.#starting.add(summary.pk);
    try {
      live = await this.#core.instances.hold(summary);
      const { status, lastEventId } = live.state;
      // It may have changed since it was found.
      if (this.#core.closing || live.activating === live.state || !isReady(kind, status)) return "busy";
      if (kind !== "interrupted" && this.#isVoid(live.workflow)) return "busy";
      const { run } = live;
      if (run === undefined) await activate(this.#core, live);
      else if (status === "waiting") wakeRun(this.#core, live, this.#core.clock.now());
      await this.#core.journal.durable(live);
      return live.state.lastEventId === lastEventId && live.run === run ? "busy" : "started";
    } catch (cause) {
      // Deleted meanwhile, or nothing can be stored.
      if (cause instanceof Failure) return "busy";
      throw cause;
    } finally {
      this.#starting.delete(summary.pk);
      if (live !== undefined) this.#core.instances.letGo(live);
    }
  }
}

function isReady(kind: ReadyKind, status: InstanceStatus): boolean {
  switch (kind) {
    case "interrupted":
      return holdsPlace(status);
    case "due":
      return status === "waiting";
    case "queued":
      return status === "queued";
  }
}
