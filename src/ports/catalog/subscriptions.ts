/** Subscriptions to events of a workflow's instances. Rows of the catalogue; each event is sent as a message to a queue. */
import type { NoticeEvent } from "../../model/views/notices.ts";

export interface EventSubscription {
  readonly id: string;
  readonly name: string;
  readonly isEnabled: boolean;
  readonly workflow: string;
  /** The id of the queue that gets the messages. */
  readonly queue: string;
  readonly events: readonly NoticeEvent[];
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export interface EventSubscriptions {
  /** All of them, the oldest first. */
  eventSubscriptions(): Promise<EventSubscription[]>;
  /** Adds one, or replaces the one with this id. */
  putEventSubscription(subscription: EventSubscription): Promise<void>;
  /** False when there was none. */
  removeEventSubscription(id: string): Promise<boolean>;
}
