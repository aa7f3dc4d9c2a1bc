/**
 * Event subscriptions: events of instances are sent as messages to queues. A commit stores a notice when the workflow has a
 * subscription; here it is sent and then removed. If the process dies in between, it is sent again.
 */
import { NOTICE_EVENTS, type NoticeEvent } from "../model/views/notices.ts";
import { Failure } from "../model/failures/failure.ts";
import { LIMITS } from "../model/limits.ts";
import type { SentMessage } from "../model/platform/queue.ts";
import type { Clock } from "../ports/clock.ts";
import type { Ids } from "../ports/ids.ts";
import type { Log } from "../ports/log.ts";
import type { EventSubscription, EventSubscriptions } from "../ports/catalog/subscriptions.ts";
import type { NoticeStore, StoredNotice } from "../ports/notices.ts";
import { iso } from "../model/time/calendar.ts";
import { RecurringLook } from "../upkeep/recurring-look.ts";
import type { Queues } from "./queues.ts";

/** How often unannounced notices are looked for, in milliseconds. */
const LOOK_EVERY_MS = 5_000;

/** What may be said of a subscription. */
export type WantedSubscription = Pick<EventSubscription, "name" | "isEnabled" | "workflow" | "queue" | "events">;

export interface SubscriptionsParts {
  readonly catalog: EventSubscriptions;
  readonly store: NoticeStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly ids: Pick<Ids, "uuid">;
  readonly accountId: string;
}

export class Subscriptions {
  readonly #parts: SubscriptionsParts;
  readonly #all: Map<string, EventSubscription> = new Map();
  /** Workflows with an enabled subscription. */
  #watched: ReadonlySet<string> = new Set();
  #queues: Pick<Queues, "list" | "send"> | undefined;
  readonly #look: RecurringLook;
  /** The last notice whose messages are in queues: while notices cannot be removed, they are not sent again and again. */
  #sentTo = 0;

  private constructor(parts: SubscriptionsParts) {
    this.#parts = parts;
    const { clock, log } = parts;
    const says = { fails: "Instance events cannot be sent to queues", works: "Instance events are sent again" };
    this.#look = new RecurringLook({ clock, log, ...says, leastMs: 250, mostMs: 10_000, look: () => this.#deliver() });
  }

  /** Loads the stored subscriptions: from then on the engine may ask for them. */
  static async open(parts: SubscriptionsParts): Promise<Subscriptions> {
    const opened = new Subscriptions(parts);
    for (const each of await parts.catalog.eventSubscriptions()) opened.#all.set(each.id, each);
    opened.#changed();
    return opened;
  }

  /** Begins to send. */
  start(queues: Pick<Queues, "list" | "send">): void {
    this.#queues = queues;
    this.#look.now();
  }

  /** Whether commits are to leave notices of a workflow's instances. */
  isWatched(workflow: string): boolean {
    return this.#watched.has(workflow);
  }

  /** Commits have left notices. Before there are queues they wait. */
  committed(): void {
    if (this.#queues !== undefined) this.#look.now();
  }

  /** The oldest first. */
  list(): EventSubscription[] {
    return [...this.#all.values()];
  }

  /** Fails with `subscription.not_found`. */
  get(id: string): EventSubscription {
    const found = this.#all.get(id);
    if (found === undefined) throw new Failure("subscription.not_found", { field: "subscription_id" });
    return found;
  }

  /** Fails with `subscription.too_many`. */
  async create(wanted: WantedSubscription): Promise<EventSubscription> {
    if (this.#all.size >= LIMITS.eventSubscriptions) throw new Failure("subscription.too_many");
    const now = this.#parts.clock.now();
    return this.#put({ ...wanted, id: this.#parts.ids.uuid().replaceAll("-", ""), createdAt: now, modifiedAt: now });
  }

  /** Fails with `subscription.not_found`. */
  async change(id: string, change: Partial<WantedSubscription>): Promise<EventSubscription> {
    return this.#put({ ...this.get(id), ...change, modifiedAt: this.#parts.clock.now() });
  }

  /** Answers what it was. Fails with `subscription.not_found`. */
  async remove(id: string): Promise<EventSubscription> {
    const found = this.get(id);
    await this.#parts.catalog.removeEventSubscription(id);
    this.#all.delete(id);
    this.#changed();
    return found;
  }

  /** The queue is gone, and what was to go there with it. */
  async removeOf(queue: string): Promise<void> {
    for (const each of this.list()) if (each.queue === queue) await this.remove(each.id);
  }

  /** To be called before the queues are closed. */
  close(): Promise<void> {
    return this.#look.close();
  }

  async #put(subscription: EventSubscription): Promise<EventSubscription> {
    await this.#parts.catalog.putEventSubscription(subscription);
    this.#all.set(subscription.id, subscription);
    this.#changed();
    return subscription;
  }

  #changed(): void {
    this.#watched = new Set(this.list().flatMap(({ isEnabled, workflow }) => (isEnabled ? [workflow] : [])));
    // Until then there may have been no subscription to look for.
    if (this.#queues !== undefined) this.#look.now();
  }

  /** Sends a batch of the stored notices, in order. Returns when to look next. */
  async #deliver(): Promise<number> {
    const { store, clock } = this.#parts;
    const notices = await store.notices(LIMITS.queueBatch);
    const last = notices.at(-1);
    if (last === undefined) return this.#all.size === 0 ? Infinity : clock.now() + LOOK_EVERY_MS;
    for (const { id, name } of this.#queues?.list() ?? []) {
      const messages = notices.flatMap((notice) => (notice.pk > this.#sentTo ? this.#messagesFor(id, notice) : []));
      // As many as one call may send at the most: several subscriptions may lead to one queue.
      for (let from = 0; from < messages.length; from += LIMITS.queueBatch)
        await this.#queues?.send(name, messages.slice(from, from + LIMITS.queueBatch));
    }
    this.#sentTo = last.pk;
    await store.removeNotices(last.pk);
    return clock.now();
  }

  #messagesFor(queue: string, notice: StoredNotice): SentMessage[] {
    return this.list()
      .filter((each) => each.isEnabled && each.queue === queue && isMeant(each, notice))
      .map((each) => ({ contentType: "json", body: JSON.stringify(messageOf(each, notice, this.#parts.accountId)) }));
  }
}

function isMeant({ workflow, events }: EventSubscription, notice: StoredNotice): boolean {
  return workflow === notice.workflow && events.includes(notice.event);
}

/** As Cloudflare documents it. */
function messageOf(
  { id }: EventSubscription,
  { workflow, instance, versionId, event, at }: StoredNotice,
  accountId: string,
): object {
  return {
    type: `${PREFIX}${event}`,
    source: { type: "workflows.workflow", workflowName: workflow },
    payload: { versionId, instanceId: instance },
    metadata: { accountId, eventSubscriptionId: id, eventSchemaVersion: 1, eventTimestamp: iso(at) },
  };
}

const PREFIX = "cf.workflows.workflow.";

/** The event of a name, with or without its prefix. */
export function noticeEventNamed(name: string): NoticeEvent | undefined {
  const short = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
  return NOTICE_EVENTS.find((each) => each === short);
}
