/**
 * The database of a simulation: the memory store behind a writer that takes one commit after the other and readers that may
 * overtake it. It survives servers. While it fails, commits are refused, or made although they are answered with an error.
 */
import type { Batch, BatchResult } from "../../../src/ports/instances/commit.ts";
import type { Lease } from "../../../src/ports/instances/journal-store.ts";
import type { Catalog } from "../../../src/ports/catalog/catalog.ts";
import type { Store } from "../../../src/ports/store.ts";
import type { Timetable, TimetableEntry } from "../../../src/ports/timetable.ts";
import { StoreError } from "../../../src/model/failures/store-error.ts";
import { MemoryStore } from "../../../src/stores/memory/store.ts";
import type { Agenda, Channel, Owner } from "./agenda.ts";
import type { Random } from "../../support/random.ts";

/**
 * `full`, `io`: commits are refused. `replyLost`: commits are made, and answered with an error. `unread`: reads fail. `slow`: all
 * takes long. `flaky`: each of these, now and then.
 */
export const DISK_FAULTS = ["full", "io", "replyLost", "unread", "slow", "flaky"] as const;

/** How a disk fails, until it is mended or for so long. */
export interface DiskFault {
  readonly is: (typeof DISK_FAULTS)[number];
  readonly forMs: number;
}

/** What happens to one commit or read. */
type Fate = "works" | "refused" | "replyLost";

/** A slow answer takes so long at the most, in milliseconds. */
const SLOW_MS = 20_000;

export interface DiskParts {
  readonly agenda: Agenda;
  readonly random: Random;
  /** How long an answer takes at the most while all is well, in milliseconds. */
  readonly latencyMs: number;
  /** A commit is on the disk from now on, whether or not anyone learns of it. */
  readonly committed: (batch: Batch, result: BatchResult, lease: Lease) => void;
  /** A commit cannot be made whatever the disk does: it contradicts what is there. */
  readonly refused: (cause: unknown) => void;
  /** A process is refused a commit because another has the right to write. */
  readonly fenced: (owner: Owner) => void;
  /** A process has the right to write from now on. */
  readonly acquired: (owner: Owner) => void;
}

interface Pending {
  readonly apply: () => Promise<void>;
  isApplied: boolean;
}

/** Which verbs of a store are neither commits nor reads. */
const PLAIN: ReadonlySet<keyof Store> = new Set(["verify", "close"]);

export class Disk {
  readonly memory: MemoryStore = new MemoryStore();
  readonly #parts: DiskParts;
  #fault: DiskFault["is"] | undefined;
  #faultEnds = 0;
  readonly #pending: Map<Owner, Pending[]> = new Map();

  constructor(parts: DiskParts) {
    this.#parts = parts;
  }

  fail({ is, forMs }: DiskFault): void {
    this.#fault = is;
    this.#faultEnds = this.#parts.agenda.now + forMs;
  }

  mend(): void {
    this.#fault = undefined;
  }

  get isFailing(): boolean {
    return this.#fault !== undefined && this.#parts.agenda.now < this.#faultEnds;
  }

  /** Connects a process. */
  connect(owner: Owner): Store {
    const { agenda } = this.#parts;
    const channels = { out: agenda.channel(owner), in: agenda.channel(owner) };
    const readers = [agenda.channel(owner), agenda.channel(owner)];
    return new Proxy<Store>(this.memory, {
      get: (target, verb: keyof Store) => {
        if (verb === "commit") return (batch: Batch, lease: Lease) => this.#commit(owner, channels, batch, lease);
        const ask = target[verb].bind(target) as (...args: readonly unknown[]) => Promise<unknown>;
        if (PLAIN.has(verb)) return ask;
        if (verb === "acquire")
          return (...args: readonly unknown[]) =>
            this.read(channels.out, () => {
              this.#parts.acquired(owner);
              return ask(...args);
            });
        return (...args: readonly unknown[]) =>
          this.read(this.#parts.random.pick(readers) ?? channels.in, () => ask(...args), true);
      },
    });
  }

  /** Connects a process to the catalogue. What comes round is read and followed as slowly as all else, and fails as that does. */
  connectCatalog(owner: Owner, catalog: Catalog, followed: Timetable["follow"]): Catalog {
    const channel = this.#parts.agenda.channel(owner);
    const over: Partial<Catalog> = {
      timetable: (kind) => this.read(channel, () => catalog.timetable(kind), true),
      follow: (entry: Pick<TimetableEntry, "kind" | "owner" | "cron">, to: number) =>
        this.change(channel, async () => {
          await catalog.follow(entry, to);
          await followed(entry, to);
        }),
      watch: (notice) => catalog.watch((change) => channel.post(() => notice(change))),
    };
    return { ...catalog, ...over };
  }

  /** The process has been killed: some of the commits that were on their way are on the disk all the same, the first of them. */
  async cutOff(owner: Owner): Promise<void> {
    const pending = (this.#pending.get(owner) ?? []).filter(({ isApplied }) => !isApplied);
    this.#pending.delete(owner);
    for (const { apply } of pending.slice(0, this.#parts.random.upTo(pending.length))) await apply().catch(() => {});
  }

  async #commit(
    owner: Owner,
    channels: { readonly out: Channel; readonly in: Channel },
    batch: Batch,
    lease: Lease,
  ): Promise<BatchResult> {
    const { promise, resolve, reject } = Promise.withResolvers<BatchResult>();
    const answer = (work: () => void): void => channels.in.post(work, this.#latencyMs());
    const pending: Pending = {
      isApplied: false,
      apply: async () => {
        pending.isApplied = true;
        const fate = this.#fate("commit");
        if (fate === "refused")
          return answer(() => reject(new StoreError(this.#fault === "full" ? "full" : "io", "The disk takes nothing")));
        try {
          const result = await this.memory.commit(batch, lease);
          this.#parts.committed(batch, result, lease);
          if (fate === "replyLost") answer(() => reject(new StoreError("io", "The disk does not answer")));
          else answer(() => resolve(result));
        } catch (cause) {
          if (cause instanceof StoreError && cause.fault === "fenced") this.#parts.fenced(owner);
          else this.#parts.refused(cause);
          answer(() => reject(cause));
        }
      },
    };
    const list = this.#pending.get(owner) ?? [];
    this.#pending.set(owner, [...list.filter(({ isApplied }) => !isApplied), pending]);
    channels.out.post(() => void pending.apply(), this.#latencyMs());
    return promise;
  }

  /** Makes a change, as a commit. One that is on its way when its process is killed is not made. */
  change<T>(channel: Channel, make: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const answer = (work: () => void): void => channel.post(work, this.#latencyMs());
    channel.post(() => {
      const fate = this.#fate("commit");
      if (fate === "refused") return answer(() => reject(new StoreError("io", "The disk takes nothing")));
      void make().then((made) =>
        answer(() => (fate === "replyLost" ? reject(new StoreError("io", "The disk does not answer")) : resolve(made))),
      );
    }, this.#latencyMs());
    return promise;
  }

  read<T>(channel: Channel, ask: () => Promise<T>, mayFail: boolean = false): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    channel.post(() => {
      if (mayFail && this.#fate("read") !== "works")
        return channel.post(() => reject(new StoreError("io", "The disk cannot be read")), this.#latencyMs());
      void ask().then(
        (found) => channel.post(() => resolve(found), this.#latencyMs()),
        (cause: unknown) => channel.post(() => reject(cause), this.#latencyMs()),
      );
    }, this.#latencyMs());
    return promise;
  }

  #fate(of: "commit" | "read"): Fate {
    const { random } = this.#parts;
    if (!this.isFailing) return "works";
    switch (this.#fault) {
      case "full":
      case "io":
        return of === "commit" ? "refused" : "works";
      case "replyLost":
        return of === "commit" ? "replyLost" : "works";
      case "unread":
        return of === "read" ? "refused" : "works";
      case "flaky":
        return random.pick<Fate>(["works", "works", "refused", "replyLost"]) ?? "works";
      case "slow":
      case undefined:
        return "works";
    }
  }

  #latencyMs(): number {
    const { random, latencyMs } = this.#parts;
    if (this.isFailing && this.#fault === "slow") return random.upTo(SLOW_MS);
    return random.next() * latencyMs;
  }
}
