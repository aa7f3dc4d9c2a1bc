/**
 * What queues keep: what they are, and their messages. Every promise of a change resolves when it is durable; changes that come
 * together share a flush. One process at a time has it open, and nothing is made before the first queue is.
 */
import type { MessageBody, Queue, Settlement } from "../model/platform/queue.ts";

/** A message to be kept. Times are epoch milliseconds. */
export interface NewMessage extends MessageBody {
  readonly id: string;
  readonly sentAt: number;
  readonly visibleAt: number;
  readonly expiresAt: number;
}

/** A message as it is kept. */
export interface StoredMessage extends MessageBody {
  readonly pk: number;
  readonly id: string;
  readonly sentAt: number;
  /** Deliveries that it has had. */
  readonly attempts: number;
}

/** How much a queue holds. */
export interface Backlog {
  readonly count: number;
  readonly bytes: number;
  /** When the message was sent that is next; undefined when there is none. */
  readonly oldestSentAt: number | undefined;
}

/** Where messages go that are given up. */
export interface DeadLetters {
  readonly queue: string;
  readonly visibleAt: number;
  readonly expiresAt: number;
}

export interface QueueStore {
  queues(): Promise<Queue[]>;
  /** By id. Fails when another one has its name. */
  putQueue(queue: Queue): Promise<void>;
  /** With its messages. */
  removeQueue(id: string): Promise<void>;

  add(queue: string, messages: readonly NewMessage[]): Promise<void>;
  /** The keys of the messages that are to be delivered first, and when they may be, in that order; without those of `skip`. */
  next(
    queue: string,
    now: number,
    limit: number,
    skip: readonly number[],
  ): Promise<{ readonly pk: number; readonly visibleAt: number }[]>;
  /** Those of them that are there. */
  read(pks: readonly number[]): Promise<StoredMessage[]>;
  /** Does as it says with messages that are still there. What is given up moves, or is deleted when there is nowhere to go. */
  settle(settlement: Settlement, dead?: DeadLetters): Promise<void>;
  /** Deletes all messages of a queue. */
  purge(queue: string): Promise<void>;
  backlog(queue: string): Promise<Backlog>;
  /** Deletes messages that have been kept for long enough. */
  expire(now: number): Promise<void>;
  /** Rejects with a `StoreError` named `gone` when what is written to is not any more where it was opened. Cheap. */
  verify(): Promise<void>;
  close(): Promise<void>;
}
