/** Event subscriptions, and the notices that wait to be delivered. */
import type { Notice, NoticeEvent } from "../../../model/views/notices.ts";
import type { EventSubscriptions } from "../../../ports/catalog/subscriptions.ts";
import type { NoticeStore, StoredNotice } from "../../../ports/notices.ts";
import type { Database, Statement } from "../connection/database.ts";
import { queries, type Queries } from "../connection/queries.ts";

const SUBSCRIPTIONS = "SELECT * FROM event_subscriptions ORDER BY created_at, id";

/** All of the table of subscriptions. */
export function subscriptionTable({ all, run }: Queries): EventSubscriptions {
  return {
    eventSubscriptions: async () =>
      all(SUBSCRIPTIONS).map((row) => ({
        id: String(row["id"]),
        name: String(row["name"]),
        isEnabled: row["enabled"] === 1,
        workflow: String(row["workflow"]),
        queue: String(row["queue"]),
        events: JSON.parse(String(row["events"])) as NoticeEvent[],
        createdAt: Number(row["created_at"]),
        modifiedAt: Number(row["modified_at"]),
      })),
    putEventSubscription: async ({ id, name, isEnabled, workflow, queue, events, createdAt, modifiedAt }) => {
      run(
        "INSERT OR REPLACE INTO event_subscriptions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        id,
        name,
        Number(isEnabled),
        workflow,
        queue,
        JSON.stringify(events),
        createdAt,
        modifiedAt,
      );
    },
    removeEventSubscription: async (id) => run("DELETE FROM event_subscriptions WHERE id = ?", id),
  };
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
