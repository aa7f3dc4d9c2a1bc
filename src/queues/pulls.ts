/**
 * Pulling messages, and acknowledging or retrying them. A pulled message is hidden for a while; its lease names the
 * delivery, so that a client cannot settle a message that has been delivered to another since.
 */
import { Failure } from "../model/failures/failure.ts";
import { type Consumer, NO_VERDICT, type Queue, settle } from "../model/platform/queue.ts";
import type { StoredMessage } from "../ports/queue-store.ts";
import type { DeliveryParts } from "./delivery.ts";

/** A message that belongs to a client until its lease expires. */
export interface PulledMessage extends StoredMessage {
  readonly leaseId: string;
}

/** A client's verdict on messages that it has pulled. */
export interface PulledVerdict {
  readonly acks: readonly string[];
  readonly retries: readonly { readonly leaseId: string; readonly delaySeconds?: number | undefined }[];
}

/** What has been done. Nothing has been about leases that are over, or never were. */
export interface PulledEnd {
  readonly acked: number;
  readonly retried: number;
  readonly stale: readonly string[];
}

/** What pulls work with. */
export type PullsParts = Pick<DeliveryParts, "store" | "clock" | "settle">;

export class Pulls {
  readonly #parts: PullsParts;
  /** Keys of messages that are being pulled: until that is durable, others may still find them. */
  readonly #taken: Set<number> = new Set();

  constructor(parts: PullsParts) {
    this.#parts = parts;
  }

  /** Messages out of retries are given up instead of delivered. Fails with `queue.no_pull`. */
  async pull(queue: Queue, limit?: number, visibilityMs?: number): Promise<PulledMessage[]> {
    const { store, clock } = this.#parts;
    const { settings } = pullConsumer(queue);
    const now = clock.now();
    const found = await store.next(queue.id, now, limit ?? settings.batchSize, [...this.#taken]);
    // Another pull may have found the same meanwhile.
    const pks = found.filter(({ pk, visibleAt }) => visibleAt <= now && !this.#taken.has(pk)).map(({ pk }) => pk);
    for (const pk of pks) this.#taken.add(pk);
    try {
      const messages = (await store.read(pks)).map((message) => ({ ...message, attempts: message.attempts + 1 }));
      const given = messages.filter(({ attempts }) => attempts <= settings.maxRetries + 1);
      const visibleAt = now + (visibilityMs ?? settings.visibilityTimeoutMs);
      await this.#parts.settle(queue, {
        done: [],
        again: given.map(({ pk, attempts }) => ({ pk, attempts, visibleAt })),
        dead: messages.filter((message) => !given.includes(message)).map(({ pk }) => pk),
      });
      return given.map((message) => ({ ...message, leaseId: leaseOf(message) }));
    } finally {
      for (const pk of pks) this.#taken.delete(pk);
    }
  }

  /** Fails with `queue.no_pull`. */
  async settle(queue: Queue, { acks, retries }: PulledVerdict): Promise<PulledEnd> {
    const { store, clock } = this.#parts;
    const { settings } = pullConsumer(queue);
    const leases = [...acks, ...retries.map(({ leaseId }) => leaseId)];
    const held = new Map<string, StoredMessage>();
    for (const message of await store.read(leases.map(keyOf).filter((pk) => pk !== undefined)))
      held.set(leaseOf(message), message);
    const acked = acks.flatMap((lease) => held.get(lease)?.id ?? []);
    const retried = retries.flatMap(({ leaseId, delaySeconds }) => {
      const id = held.get(leaseId)?.id;
      return id === undefined ? [] : [{ id, delaySeconds }];
    });
    const messages = leases.flatMap((lease) => held.get(lease) ?? []);
    const verdict = { ...NO_VERDICT, acks: acked, retries: retried };
    await this.#parts.settle(queue, settle(messages, verdict, false, settings, clock.now()));
    return { acked: acked.length, retried: retried.length, stale: leases.filter((lease) => !held.has(lease)) };
  }
}

function pullConsumer({ consumer }: Queue): Consumer {
  if (consumer?.type !== "http_pull") throw new Failure("queue.no_pull");
  return consumer;
}

function leaseOf({ pk, id, attempts }: Pick<StoredMessage, "pk" | "id" | "attempts">): string {
  return btoa(`${pk}.${attempts}.${id}`);
}

/** The key of the message that a lease is for, if it is one. */
function keyOf(lease: string): number | undefined {
  if (!/^[a-zA-Z0-9+/]+={0,2}$/.test(lease) || lease.length % 4 !== 0) return undefined;
  const pk = Number(/^(\d+)\./.exec(atob(lease))?.[1]);
  return Number.isSafeInteger(pk) ? pk : undefined;
}
