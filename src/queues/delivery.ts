/**
 * Brings the messages of one queue to the script that consumes it, in batches, when they are due.
 * What is on its way to a script is known in memory alone. A server that dies has forgotten it, and the messages are there
 * still; one that lives hears how each batch has ended, also when its host dies.
 */
import { Failure, type FailureName } from "../model/failures/failure.ts";
import { batchDueAt, type Consumer, NO_VERDICT, type Queue, settle, type Settlement } from "../model/platform/queue.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { QueueStore, StoredMessage } from "../ports/queue-store.ts";
import { Outage } from "../upkeep/outage.ts";
import { RecurringLook } from "../upkeep/recurring-look.ts";
import { Rests } from "../upkeep/rests.ts";
import { StoreError } from "../model/failures/store-error.ts";
import type { EventEnd } from "../protocol/handlers.ts";
import type { ScriptCalls } from "../ports/script-calls.ts";

/** How long nothing is delivered after a failure that is not the messages', in milliseconds. */
const PAUSE_MS = 5_000;

/** Failures that the messages may be to blame for: deliveries that count. */
const COUNTED: ReadonlySet<FailureName> = new Set(["script.exception", "script.unavailable"]);

/** What a delivery works with. */
export interface DeliveryParts {
  readonly store: QueueStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Brings messages to their consumers. */
  readonly calls: Pick<ScriptCalls, "call">;
  /** The queue as it is now; undefined when it has been deleted. */
  queue(): Queue | undefined;
  /** Does as the settlement says; what is given up goes where the consumer wants it. */
  settle(queue: Queue, settlement: Settlement): Promise<void>;
}

/** How often messages are looked for, whatever is expected, in milliseconds. */
const POLL_MS = 60_000;

type WorkerConsumer = Extract<Consumer, { type: "worker" }>;

export class Delivery {
  readonly #parts: DeliveryParts;
  /** Keys of messages that are on their way. */
  readonly #taken: Set<number> = new Set();
  readonly #batches: Set<Promise<void>> = new Set();
  /** What `elapsed` says when something may be delivered again. */
  #notBefore = 0;
  readonly #looks: RecurringLook;
  /** While what has become of batches cannot be written. */
  readonly #outage: Outage;
  readonly #rests: Rests;
  #closed = false;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    const { clock, log } = parts;
    const says = { fails: "Queue messages cannot be read", works: "Queue messages can be read again" };
    const settles = {
      fails: "Outcomes of queue messages cannot be stored",
      works: "Outcomes of queue messages are stored again",
    };
    this.#outage = new Outage({ clock, log, ...settles, leastMs: 100, mostMs: 5_000 });
    this.#rests = new Rests(clock);
    this.#looks = new RecurringLook({ clock, log, ...says, leastMs: 1_000, mostMs: 30_000, look: () => this.#look() });
  }

  /** Something has changed: delivers what is due, and sets the alarm for what will be. */
  look(): void {
    this.#looks.now();
  }

  /** Stops delivering. Resolves when the deliveries in flight have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#rests.end();
    await this.#looks.close();
    await Promise.all(this.#batches);
  }

  /** Answers when to look next. */
  async #look(): Promise<number> {
    const { store, clock } = this.#parts;
    for (;;) {
      const queue = this.#parts.queue();
      const { consumer } = queue ?? {};
      // Who changes that, asks for a look.
      if (this.#closed || queue === undefined || queue.settings.deliveryPaused || consumer?.type !== "worker") return Infinity;
      const now = clock.now();
      if (this.#batches.size >= consumer.settings.maxConcurrency) return now + POLL_MS;
      const pauseMs = this.#notBefore - clock.elapsed();
      if (pauseMs > 0) return now + pauseMs;
      const waiting = await store.next(queue.id, now, consumer.settings.batchSize, [...this.#taken]);
      const visible = waiting.map(({ visibleAt }) => visibleAt);
      const dueAt = batchDueAt(visible, consumer.settings);
      if (dueAt === undefined || dueAt > now) return Math.min(dueAt ?? Infinity, clock.now() + POLL_MS);
      const due = waiting.filter(({ visibleAt }) => visibleAt <= now).map(({ pk }) => pk);
      this.#deliver(queue, consumer, due);
    }
  }

  #deliver(queue: Queue, consumer: WorkerConsumer, pks: readonly number[]): void {
    for (const pk of pks) this.#taken.add(pk);
    const batch = this.#batch(queue, consumer, pks)
      .catch((cause: unknown) => this.#pause(queue, cause))
      .then(() => {
        for (const pk of pks) this.#taken.delete(pk);
        this.#batches.delete(batch);
        this.look();
      });
    this.#batches.add(batch);
  }

  async #batch(queue: Queue, consumer: WorkerConsumer, pks: readonly number[]): Promise<void> {
    const { store, clock, log } = this.#parts;
    const messages = (await store.read(pks)).map((message) => ({ ...message, attempts: message.attempts + 1 }));
    if (messages.length === 0) return;
    const { thrown, verdict } = await this.#call(queue, consumer, messages);
    // What the handler threw is in the script's own log.
    if (thrown !== null)
      log.warn("A batch of queue messages failed", { queue: queue.name, script: consumer.script, messages: messages.length });
    await this.#settle(queue, settle(messages, verdict, thrown !== null, consumer.settings, clock.now()));
  }

  /** Until that is written: to deliver the messages once more would have done again what has been done. */
  async #settle(queue: Queue, settlement: Settlement): Promise<void> {
    for (;;) {
      try {
        await this.#parts.settle(queue, settlement);
        return this.#outage.over();
      } catch (cause) {
        if (this.#closed || !(cause instanceof StoreError)) throw cause;
        await this.#rests.rest(this.#outage.failed(cause));
      }
    }
  }

  async #call(queue: Queue, { script }: WorkerConsumer, messages: readonly StoredMessage[]): Promise<EventEnd> {
    const delivered = messages.map(({ pk: _pk, sentAt: timestamp, ...rest }) => ({ ...rest, timestamp }));
    try {
      return await this.#parts.calls.call(script, { type: "queue", queue: queue.name, messages: delivered });
    } catch (cause) {
      if (cause instanceof Failure && COUNTED.has(cause.failure)) return { thrown: cause.message, verdict: NO_VERDICT };
      throw cause;
    }
  }

  /** The messages did not reach a consumer: they are delivered later. */
  #pause(queue: Queue, cause: unknown): void {
    const { clock, log } = this.#parts;
    if (cause instanceof Failure && cause.failure === "shutting_down") this.#closed = true;
    if (this.#closed) return;
    this.#notBefore = clock.elapsed() + PAUSE_MS;
    log.warn("Messages of a queue could not be delivered", { queue: queue.name, reason: String(cause) });
  }
}
