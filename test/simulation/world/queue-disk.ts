/** What queues keep in a simulation: it survives servers, and is as slow and as unreliable as the disk of instances. */
import {
  type Queue,
  QUEUE_DEFAULTS,
  CONSUMER_DEFAULTS,
  type ConsumerSettings,
  type Settlement,
} from "../../../src/model/platform/queue.ts";
import type { DeadLetters, NewMessage, QueueStore, StoredMessage } from "../../../src/ports/queue-store.ts";
import type { Owner, Agenda } from "./agenda.ts";
import type { Disk } from "./disk.ts";
import { scriptName } from "./world.ts";

/** The queue that a script consumes, and the one that takes what is given up. */
export const QUEUE = "work";
const LETTERS = "letters";

export interface KeptMessage extends StoredMessage {
  readonly queue: string;
  readonly visibleAt: number;
  readonly expiresAt: number;
}

/** Hears what is durable. */
export interface QueueWatcher {
  added(message: KeptMessage): void;
  settled(settlement: Settlement, before: (pk: number) => KeptMessage | undefined): void;
}

export class QueueDisk {
  readonly messages: Map<number, KeptMessage> = new Map();
  readonly #disk: Disk;
  readonly #agenda: Agenda;
  readonly #watcher: QueueWatcher;
  readonly #queues: Map<string, Queue> = new Map();
  #last = 0;

  constructor(disk: Disk, agenda: Agenda, watcher: QueueWatcher, settings: Partial<ConsumerSettings>) {
    this.#disk = disk;
    this.#agenda = agenda;
    this.#watcher = watcher;
    const kept = { createdAt: 0, modifiedAt: 0, settings: QUEUE_DEFAULTS };
    const consumer = { type: "worker", script: scriptName(0), id: "consumer", createdAt: 0 } as const;
    this.#queues.set(QUEUE, {
      ...kept,
      id: QUEUE,
      name: QUEUE,
      consumer: { ...consumer, settings: { ...CONSUMER_DEFAULTS, ...settings }, deadLetterQueue: LETTERS },
    });
    this.#queues.set(LETTERS, { ...kept, id: LETTERS, name: LETTERS });
  }

  /** Connects a process. */
  connect(owner: Owner): QueueStore {
    const channel = this.#agenda.channel(owner);
    const change = (make: () => void): Promise<void> => this.#disk.change(channel, async () => make());
    const read = <T>(ask: () => T): Promise<T> => this.#disk.read(channel, async () => ask(), true);
    return {
      // Asked when the process starts, before anything can fail.
      queues: async () => [...this.#queues.values()],
      putQueue: (queue) => change(() => void this.#queues.set(queue.id, queue)),
      removeQueue: () => Promise.reject(new Error("No queue is removed")),
      add: (queue, messages) => change(() => this.#add(queue, messages)),
      next: (queue, now, limit, skip) =>
        read(() =>
          [...this.messages.values()]
            .filter((each) => each.queue === queue && each.expiresAt > now && !skip.includes(each.pk))
            .toSorted((a, b) => a.visibleAt - b.visibleAt || a.pk - b.pk)
            .slice(0, limit),
        ),
      read: (pks) => read(() => pks.flatMap((pk) => this.messages.get(pk) ?? [])),
      settle: (settlement, dead) => change(() => this.#settle(settlement, dead)),
      purge: () => Promise.reject(new Error("No queue is purged")),
      backlog: (queue) => read(() => ({ count: this.#of(queue).length, bytes: 0, oldestSentAt: undefined })),
      expire: (now) => change(() => this.#drop(({ expiresAt }) => expiresAt <= now)),
      verify: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }

  #of(queue: string): KeptMessage[] {
    return [...this.messages.values()].filter((each) => each.queue === queue);
  }

  #drop(isOver: (message: KeptMessage) => boolean): void {
    for (const message of this.messages.values()) if (isOver(message)) this.messages.delete(message.pk);
  }

  #add(queue: string, messages: readonly NewMessage[]): void {
    for (const message of messages) {
      const kept = { ...message, queue, pk: (this.#last += 1), attempts: 0 };
      this.messages.set(kept.pk, kept);
      this.#watcher.added(kept);
    }
  }

  #settle(settlement: Settlement, letters: DeadLetters | undefined): void {
    this.#watcher.settled(settlement, (pk) => this.messages.get(pk));
    for (const pk of settlement.done) this.messages.delete(pk);
    for (const { pk, ...change } of settlement.again) this.#change(pk, change);
    for (const pk of settlement.dead) {
      if (letters === undefined) this.messages.delete(pk);
      else this.#change(pk, { ...letters, attempts: 0 });
    }
  }

  #change(pk: number, change: Partial<KeptMessage>): void {
    const message = this.messages.get(pk);
    if (message !== undefined) this.messages.set(pk, { ...message, ...change });
  }
}
