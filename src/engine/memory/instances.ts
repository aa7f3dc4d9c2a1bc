/**
 * The instances in memory, by key and by address, and the one way in which a command reaches them. A caller that works with
 * one holds it; it leaves memory when nothing holds it, it has no run, and all that was recorded of it is durable — so there is
 * never a second copy of the same instance.
 */
import type { Command, Decision } from "../../model/instance/command.ts";
import { decide } from "../../model/instance/decide.ts";
import type { EventBody } from "../../model/instance/events.ts";
import { Failure } from "../../model/failures/failure.ts";
import { holdsPlace, type InstanceStatus } from "../../model/instance/status.ts";
import { evolve } from "../../model/instance/evolve.ts";
import type { InstanceState } from "../../model/instance/state.ts";
import type { InstanceSummary } from "../../ports/instances/summary.ts";
import type { InstanceAddress } from "../contract.ts";
import type { Reads } from "./reads.ts";
import type { Journal, JournalListener } from "../journal/journal.ts";
import { readRow } from "../journal/row.ts";
import type { Watchers } from "../journal/watch.ts";
import { addressKey, type Live, newLive } from "../state/live.ts";
import type { World } from "../state/world.ts";

/** Bytes of journal that are read at once while an instance is loaded. */
const LOAD_BYTES = 256 * 1024;

/** What the layers above do when an instance in memory changes. */
export interface InstanceListener {
  entered(live: Live): void;
  left(live: Live): void;
  /** After every change, at once. */
  changed(live: Live, before: InstanceStatus, events: readonly EventBody[]): void;
  /** A run of it has begun. */
  started(live: Live): void;
  /** Memory can no longer be trusted about it: it is given up, and read again from the store. */
  lost(live: Live): void;
  /** There may be instances in the store that are not in memory. */
  unsure(): void;
}

/** What instances are loaded with. */
interface InstancesParts extends Pick<World, "store" | "catalog" | "clock" | "policies" | "health"> {
  readonly reads: Reads;
  readonly watchers: Watchers;
  readonly journal: Journal;
}

/** True for an instance past its retention: it is seen no more, though it may not be deleted yet. */
export function isExpired({ expiresAt }: Pick<InstanceSummary, "expiresAt">, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}

export class Instances implements JournalListener {
  readonly #parts: InstancesParts;
  #listener: InstanceListener | undefined;
  readonly #byKey: Map<number, Live> = new Map();
  readonly #byAddress: Map<string, Live> = new Map();
  readonly #loading: Map<number, Promise<Live>> = new Map();
  /** Instances that have been in memory since they began to be loaded, and have left it: what was read of them may be old. */
  readonly #overtaken: Set<number> = new Set();
  /** Instances that are being deleted and may not come into memory any more. */
  readonly #sealed: Set<number> = new Set();

  constructor(parts: InstancesParts) {
    this.#parts = parts;
    parts.journal.listen(this);
  }

  /** Names the layers above. Once, before the first instance. */
  listen(listener: InstanceListener): void {
    this.#listener = listener;
  }

  /**
   * Applies a command: decides, records, and lets the layers above follow. Durable later — see `Journal.whenDurable`.
   * A refusal has changed nothing.
   */
  apply(live: Live, command: Command, now: number = this.#parts.clock.now()): Decision {
    if (live.gone) return { refused: "instance.not_found" };
    const before = live.state.status;
    const decision = decide(live.state, command, now);
    if ("events" in decision && decision.events.length > 0) {
      this.#parts.journal.record(live, decision.events, now);
      this.#listener?.changed(live, before, decision.events);
    }
    return decision;
  }

  /** A run of the instance has begun. */
  started(live: Live): void {
    this.#listener?.started(live);
  }

  /** What was recorded of it is durable. */
  flushed(live: Live): void {
    this.release(live);
  }

  /** What was recorded of it is not what the store has: it is given up. */
  lost(live: Live): void {
    live.gone = true;
    this.#listener?.lost(live);
    this.forget(live);
  }

  unsure(): void {
    this.#listener?.unsure();
  }

  get size(): number {
    return this.#byKey.size;
  }

  all(): IterableIterator<Live> {
    return this.#byKey.values();
  }

  get(pk: number): Live | undefined {
    return this.#byKey.get(pk);
  }

  at(address: InstanceAddress): Live | undefined {
    return this.#byAddress.get(addressKey(address.workflow, address.id));
  }

  /** Takes an instance into memory. Returns the present one if a reader has loaded it since it became durable. */
  add(live: Live): Live {
    const present = this.#byKey.get(live.pk);
    if (present !== undefined) return present;
    this.#byKey.set(live.pk, live);
    this.#byAddress.set(addressKey(live.workflow, live.id), live);
    this.#listener?.entered(live);
    return live;
  }

  /** Works with an instance in memory, loading it if it is not there. Fails as `find` does. */
  async use<T>(address: InstanceAddress, work: (live: Live) => Promise<T>): Promise<T> {
    const live = this.#held(this.at(address)) ?? (await this.hold(await this.find(address)));
    try {
      if (live.gone) throw new Failure("instance.not_found", { field: "instance_id" });
      return await work(live);
    } finally {
      this.letGo(live);
    }
  }

  /** The instance in memory, to stay there until `letGo`. */
  async hold(summary: InstanceSummary): Promise<Live> {
    for (;;) {
      const live = this.#byKey.get(summary.pk) ?? (await this.#load(summary));
      // Another caller that waited for the same load may have let it go again.
      if (this.#byKey.get(summary.pk) === live) return this.#held(live);
    }
  }

  /** Pairs with `hold`. */
  letGo(live: Live): void {
    live.holds -= 1;
    this.release(live);
  }

  #held<L extends Live | undefined>(live: L): L {
    if (live !== undefined) live.holds += 1;
    return live;
  }

  /** Fails with `workflow.not_found` or `instance.not_found`. */
  async find({ workflow, id }: InstanceAddress): Promise<InstanceSummary> {
    const { store, catalog, clock, health } = this.#parts;
    // What is there is another process's by now.
    if (health.isOver) throw health.failure;
    const summary = await store.find(workflow, id);
    if (summary !== undefined && !isExpired(summary, clock.now())) return summary;
    const known = await catalog.workflow(workflow);
    if (known === undefined) throw new Failure("workflow.not_found", { field: "workflow_name" });
    throw new Failure("instance.not_found", { field: "instance_id" });
  }

  #load(summary: InstanceSummary): Promise<Live> {
    if (this.#sealed.has(summary.pk)) return Promise.reject(new Failure("instance.not_found", { field: "instance_id" }));
    let loading = this.#loading.get(summary.pk);
    if (loading === undefined) {
      loading = this.#read(summary).finally(() => {
        this.#loading.delete(summary.pk);
        this.#overtaken.delete(summary.pk);
      });
      this.#loading.set(summary.pk, loading);
    }
    return loading;
  }

  /** Keeps an instance out of memory until `unseal`; false when it is there or on its way. */
  seal(pk: number): boolean {
    if (this.#byKey.has(pk) || this.#loading.has(pk) || this.#sealed.has(pk)) return false;
    this.#sealed.add(pk);
    return true;
  }

  unseal(pk: number): void {
    this.#sealed.delete(pk);
  }

  /** Lets an instance leave memory if nothing keeps it there. */
  release(live: Live): void {
    if (live.holds > 0 || live.activating !== undefined || live.run !== undefined) return;
    if (live.row !== undefined || live.flushing !== undefined) return;
    this.forget(live);
  }

  /** Drops an instance from memory, whatever it is doing. */
  forget(live: Live): void {
    if (this.#byKey.get(live.pk) !== live) return;
    this.#byKey.delete(live.pk);
    this.#byAddress.delete(addressKey(live.workflow, live.id));
    if (this.#loading.has(live.pk)) this.#overtaken.add(live.pk);
    this.#listener?.left(live);
    // A client that follows a deleted instance has nothing to wait for.
    if (live.gone) this.#parts.watchers.instances.end(live.pk);
  }

  async #read(summary: InstanceSummary): Promise<Live> {
    const { pk, workflow } = summary;
    await this.#parts.policies.load(workflow);
    let read = await this.#fold(pk);
    while (this.#overtaken.delete(pk)) read = await this.#fold(pk);
    const { state, seq } = read;
    if (state === undefined) throw new Failure("instance.not_found", { field: "instance_id" });
    const live = newLive(summary, state, seq);
    // What works only in the store has lost its run, to a server that ended or a commit that failed.
    live.leftBehind = holdsPlace(state.status);
    return this.add(live);
  }

  /** What the store has of an instance. */
  async #fold(pk: number): Promise<{ readonly state: InstanceState | undefined; readonly seq: number }> {
    const { reads, store } = this.#parts;
    let state: InstanceState | undefined;
    let seq = 0;
    for (;;) {
      await reads.turn();
      const rows = await store.load(pk, seq, LOAD_BYTES);
      if (rows.length === 0) return { state, seq };
      for (const row of rows) {
        seq = row.seq;
        for (const event of readRow(row)) {
          state = evolve(state, event, { eventId: event.eventId, timestamp: event.timestamp, seq });
        }
        reads.did(row.events.length);
      }
    }
  }
}
