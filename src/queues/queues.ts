/** The queues that there are: how they are made, changed and filled. How they are emptied is the business of their `Delivery`. */
import { Failure } from "../model/failures/failure.ts";
import { LIMITS } from "../model/limits.ts";
import {
  type Consumer,
  CONSUMER_DEFAULTS,
  type ConsumerKind,
  type ConsumerSettings,
  isQueueName,
  type Queue,
  QUEUE_DEFAULTS,
  type QueueSettings,
  sendingProblem,
  type SentMessage,
  type Settlement,
} from "../model/platform/queue.ts";
import type { Deployments } from "../ports/catalog/deployments.ts";
import type { Ids } from "../ports/ids.ts";
import type { Backlog } from "../ports/queue-store.ts";
import { RecurringLook } from "../upkeep/recurring-look.ts";
import { Delivery, type DeliveryParts } from "./delivery.ts";
import { Pulls, type PulledEnd, type PulledMessage, type PulledVerdict } from "./pulls.ts";

/** How often is looked for messages that have been kept for long enough, and for consumers that are gone, in milliseconds. */
const CLEAN_EVERY_MS = 60 * 60 * 1000;

/** A consumer as requested. */
export type WantedConsumer = ConsumerKind & {
  readonly settings: Partial<ConsumerSettings>;
  readonly deadLetterQueue?: string | undefined;
};

/** What queues are made of. */
export interface QueuesParts extends Omit<DeliveryParts, "queue" | "settle"> {
  readonly catalog: Pick<Deployments, "scriptNames">;
  readonly ids: Pick<Ids, "uuid">;
}

export class Queues {
  readonly #parts: QueuesParts;
  readonly #queues: Map<string, Queue> = new Map();
  readonly #deliveries: Map<string, Delivery> = new Map();
  readonly #pulls: Pulls;
  readonly #cleaning: RecurringLook;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(parts: QueuesParts) {
    this.#parts = parts;
    const { clock, log } = parts;
    const says = { fails: "Queues cannot be cleaned up", works: "Queues are cleaned up again" };
    this.#cleaning = new RecurringLook({ clock, log, ...says, leastMs: 1_000, mostMs: 60_000, look: () => this.#clean() });
    this.#pulls = new Pulls({ ...parts, settle: (queue, settlement) => this.#settle(queue, settlement) });
  }

  /** Opens the stored queues. Their messages stay where they are until `start`. */
  static async open(parts: QueuesParts): Promise<Queues> {
    const opened = new Queues(parts);
    for (const queue of await parts.store.queues()) opened.#queues.set(queue.id, queue);
    return opened;
  }

  /** Delivers from now on. */
  start(): void {
    for (const queue of this.#queues.values()) this.#keep(queue);
    this.#cleaning.now();
  }

  /** By name. */
  list(): Queue[] {
    return [...this.#queues.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** By id. Fails with `queue.not_found`. */
  get(id: string): Queue {
    const queue = this.#queues.get(id);
    if (queue === undefined) throw new Failure("queue.not_found");
    return queue;
  }

  /** Fails with `queue.not_found`. */
  named(name: string): Queue {
    const queue = this.#find(name);
    if (queue === undefined) throw new Failure("queue.not_found", { detail: `Queue "${name}" not found` });
    return queue;
  }

  /** Fails with `queue.invalid_name`, `queue.already_exists` or `queue.too_many`. */
  create(name: string, settings?: Partial<QueueSettings>): Promise<Queue> {
    return this.#exclusively(() => this.#create(name, settings));
  }

  /** The queue of this name, which is made when it is not there. Fails as `create` does for a new name. */
  ensure(name: string): Promise<Queue> {
    return this.#exclusively(async () => this.#find(name) ?? this.#create(name));
  }

  /** Fails with `queue.not_found`, and as `create` does for a new name. */
  change(
    id: string,
    { name, settings = {} }: { readonly name?: string; readonly settings?: Partial<QueueSettings> },
  ): Promise<Queue> {
    return this.#exclusively(async () => {
      const queue = this.get(id);
      if (name !== undefined && name !== queue.name) this.#checkName(name);
      return this.#put({ ...queue, name: name ?? queue.name, settings: { ...queue.settings, ...settings } });
    });
  }

  /** With its messages. Fails with `queue.not_found`. */
  remove(id: string): Promise<void> {
    return this.#exclusively(async () => {
      this.get(id);
      await this.#parts.store.removeQueue(id);
      this.#queues.delete(id);
      this.#deliveries.delete(id);
    });
  }

  /**
   * Gives a queue its consumer, or changes the one that it has, by its id. A dead letter queue is made if it is not there.
   *
   * @throws Failure `queue.consumer_exists` for a second one, `queue.consumer_not_found` for one that is not its;
   * `script.not_found` for a script that is not deployed.
   */
  putConsumer(queueId: string, wanted: WantedConsumer, consumerId?: string): Promise<Consumer> {
    return this.#exclusively(async () => {
      const { consumer: present, ...queue } = this.get(queueId);
      if (consumerId !== undefined && present?.id !== consumerId) throw new Failure("queue.consumer_not_found");
      if (consumerId === undefined && present !== undefined) throw new Failure("queue.consumer_exists");
      const { settings, deadLetterQueue, ...kind } = wanted;
      // In this turn: a script that is deleted later has its consumers removed in a turn after this one.
      if (kind.type === "worker" && !(await this.#parts.catalog.scriptNames()).includes(kind.script))
        throw new Failure("script.not_found", { field: "script_name" });
      if (deadLetterQueue === queue.name)
        throw new Failure("body", { field: "dead_letter_queue", detail: "A queue cannot be its own dead letter queue" });
      if (deadLetterQueue !== undefined && this.#find(deadLetterQueue) === undefined) await this.#create(deadLetterQueue);
      const consumer: Consumer = {
        ...kind,
        id: present?.id ?? this.#newId(),
        createdAt: present?.createdAt ?? this.#parts.clock.now(),
        settings: { ...CONSUMER_DEFAULTS, ...settings },
        ...(deadLetterQueue !== undefined && { deadLetterQueue }),
      };
      await this.#put({ ...queue, consumer });
      return consumer;
    });
  }

  /** Fails with `queue.consumer_not_found`. */
  removeConsumer(queueId: string, consumerId: string): Promise<void> {
    return this.#exclusively(async () => {
      const { consumer, ...queue } = this.get(queueId);
      if (consumer?.id !== consumerId) throw new Failure("queue.consumer_not_found");
      await this.#put(queue);
    });
  }

  /**
   * Removes the consumers of scripts that have been deleted. The start and the hourly look do so too, so that none is left when
   * the process ends before. Never rejects: what fails is reported and repeated by a look.
   */
  async removeOrphans(): Promise<void> {
    await this.#removeOrphans().catch(() => this.#cleaning.now());
  }

  /**
   * Keeps messages, and resolves when they are durable. `delaySeconds` is for those that do not say themselves. Fails with
   * `queue.not_found`, and with `body` for messages that cannot be sent.
   */
  async send(name: string, messages: readonly SentMessage[], delaySeconds?: number): Promise<void> {
    const { id: queue, settings } = this.named(name);
    const sent = messages.map((each) => ({ ...each, delaySeconds: each.delaySeconds ?? delaySeconds }));
    const problem = sendingProblem(sent);
    if (problem !== undefined) throw new Failure("body", { detail: problem });
    const now = this.#parts.clock.now();
    await this.#parts.store.add(
      queue,
      sent.map(({ contentType, body, delaySeconds: delay }) => ({
        id: this.#newId(),
        contentType,
        body,
        sentAt: now,
        visibleAt: now + (delay ?? settings.deliveryDelaySeconds) * 1_000,
        expiresAt: now + settings.retentionSeconds * 1_000,
      })),
    );
    this.#deliveries.get(queue)?.look();
  }

  /** Pulls messages; see `Pulls`. Fails with `queue.not_found` and `queue.no_pull`. */
  pull(id: string, limit?: number, visibilityMs?: number): Promise<PulledMessage[]> {
    return this.#pulls.pull(this.get(id), limit, visibilityMs);
  }

  /** What becomes of messages that were pulled. Fails as `pull` does. */
  settle(id: string, verdict: PulledVerdict): Promise<PulledEnd> {
    return this.#pulls.settle(this.get(id), verdict);
  }

  backlog(id: string): Promise<Backlog> {
    return this.#parts.store.backlog(this.get(id).id);
  }

  purge(id: string): Promise<void> {
    return this.#parts.store.purge(this.get(id).id);
  }

  /** To be called when the engine is closed. The store stays open. */
  async close(): Promise<void> {
    await this.#cleaning.close();
    await Promise.all([...this.#deliveries.values()].map((delivery) => delivery.close()));
    await this.#turn;
  }

  async #create(name: string, settings?: Partial<QueueSettings>): Promise<Queue> {
    this.#checkName(name);
    if (this.#queues.size >= LIMITS.queues) throw new Failure("queue.too_many");
    const now = this.#parts.clock.now();
    const queue = { id: this.#newId(), name, createdAt: now, modifiedAt: now, settings: { ...QUEUE_DEFAULTS, ...settings } };
    return this.#put(queue);
  }

  #checkName(name: string): void {
    if (!isQueueName(name)) throw new Failure("queue.invalid_name");
    if (this.#find(name) !== undefined) throw new Failure("queue.already_exists");
  }

  #find(name: string): Queue | undefined {
    return this.#queues.values().find((queue) => queue.name === name);
  }

  async #put(changed: Queue): Promise<Queue> {
    const queue = { ...changed, modifiedAt: this.#parts.clock.now() };
    await this.#parts.store.putQueue(queue);
    this.#keep(queue);
    return queue;
  }

  /** Knows a queue as it is now, and has it delivered. */
  #keep(queue: Queue): void {
    const { id } = queue;
    this.#queues.set(id, queue);
    let delivery = this.#deliveries.get(id);
    if (delivery === undefined) {
      const settle: DeliveryParts["settle"] = (of, settlement) => this.#settle(of, settlement);
      const parts = { ...this.#parts, queue: () => this.#queues.get(id), settle };
      delivery = new Delivery(parts);
      this.#deliveries.set(id, delivery);
    }
    delivery.look();
  }

  async #settle({ name, consumer }: Queue, settlement: Settlement): Promise<void> {
    const letters = consumer?.deadLetterQueue === undefined ? undefined : this.#find(consumer.deadLetterQueue);
    const now = this.#parts.clock.now();
    await this.#parts.store.settle(
      settlement,
      letters && { queue: letters.id, visibleAt: now, expiresAt: now + letters.settings.retentionSeconds * 1_000 },
    );
    if (settlement.dead.length === 0) return;
    const about = { queue: name, messages: settlement.dead.length, deadLetterQueue: letters?.name };
    this.#parts.log.warn(
      letters ? "Messages were moved to the dead letter queue" : "Messages were dropped after their last retry",
      about,
    );
    if (letters !== undefined) this.#deliveries.get(letters.id)?.look();
  }

  /** Answers when to look next. */
  async #clean(): Promise<number> {
    const { store, clock } = this.#parts;
    await this.#removeOrphans();
    await store.expire(clock.now());
    return clock.now() + CLEAN_EVERY_MS;
  }

  #removeOrphans(): Promise<void> {
    return this.#exclusively(async () => {
      const scripts = new Set(await this.#parts.catalog.scriptNames());
      for (const { consumer, ...queue } of this.list())
        if (consumer?.type === "worker" && !scripts.has(consumer.script)) await this.#put(queue);
    });
  }

  #newId(): string {
    return this.#parts.ids.uuid().replaceAll("-", "");
  }

  /** One change after the other: each sees what the one before has made. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
