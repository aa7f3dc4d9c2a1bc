/** Event subscriptions, and the notices that wait to be delivered. */
import type { Notice } from "../../../model/views/notices.ts";
import type { EventSubscription, EventSubscriptions } from "../../../ports/catalog/subscriptions.ts";
import type { NoticeStore, StoredNotice } from "../../../ports/notices.ts";
import type { Database, Statement } from "../connection/database.ts";
import { queries, type Queries, type Row } from "../connection/queries.ts";

const SUBSCRIPTIONS = `SELECT id, name, enabled AS isEnabled, workflow, queue, events, created_at AS createdAt, modified_at AS modifiedAt
  FROM event_subscriptions ORDER BY created_at, id`;

const PUT = `INSERT OR REPLACE INTO event_subscriptions
  VALUES (:id, :name, :isEnabled, :workflow, :queue, :events, :createdAt, :modifiedAt)`;

/** All of the table of subscriptions. */
export function subscriptionTable({ all, run }: Queries): EventSubscriptions {
  return {
    eventSubscriptions: async () => all(SUBSCRIPTIONS).map(toSubscription),
    putEventSubscription: async (subscription) => {
      const { isEnabled, events } = subscription;
      run(PUT, { ...subscription, isEnabled: Number(isEnabled), events: JSON.stringify(events) });
    },
    removeEventSubscription: async (id) => run("DELETE FROM event_subscriptions WHERE id = ?", id),
  };
}

function toSubscription({ isEnabled, events, ...rest }: Row): EventSubscription {
  return { ...rest, isEnabled: isEnabled === 1, events: JSON.parse(String(events)) as unknown } as EventSubscription;
}

/** Writes notices, within a commit. */
export class NoticeWriter {
  readonly #insert: Statement;

  constructor(db: Database) {
    this.#insert = db.prepare("INSERT INTO notices (workflow, instance, version, event, at) VALUES (?, ?, ?, ?, ?)");
  }

  insert(notices: readonly Notice[]): void {
    for (const { workflow, instance, versionId, event, at } of notices)
      this.#insert.run(workflow, instance, versionId, event, at);
  }
}

/** Reads notices, and removes those that have been delivered. */
export function noticeTable(db: Database): NoticeStore {
  const { all, run } = queries(db);
  const read = "SELECT pk, workflow, instance, version AS versionId, event, at FROM notices ORDER BY pk LIMIT ?";
  return {
    notices: async (limit) => all(read, limit) as unknown as StoredNotice[],
    removeNotices: async (upTo) => void run("DELETE FROM notices WHERE pk <= ?", upTo),
  };
}
