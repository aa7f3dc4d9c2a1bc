/** Queues in a SQLite file of their own. What is asked in one turn of the event loop is written in one transaction. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { bodyBytes, type Queue, type Settlement } from "../../../model/platform/queue.ts";
import type { Backlog, DeadLetters, NewMessage, QueueStore, StoredMessage } from "../../../ports/queue-store.ts";
import { Backlogs } from "./backlogs.ts";
import { checkFile, connectReader, openingFailure, unwritable, type Database } from "../connection/database.ts";
import { migrate } from "../connection/migrate.ts";
import { queries, type Queries } from "../connection/queries.ts";
import { queues0001 } from "./schema-0001.ts";

const MIGRATIONS = [queues0001];

/** `+ 0`: see `prepare` in `journal/reader.ts`. */
const NEXT = `SELECT pk, visible_at AS visibleAt FROM messages
  WHERE queue = ? AND expires_at > ? AND pk NOT IN (SELECT value FROM json_each(?)) ORDER BY visible_at, pk LIMIT ? + 0`;

const READ = `SELECT pk, id, sent_at AS sentAt, attempts, content_type AS contentType, body FROM messages
  WHERE pk IN (SELECT value FROM json_each(?)) ORDER BY visible_at, pk`;

const ADD = `INSERT INTO messages (queue, id, sent_at, visible_at, expires_at, attempts, content_type, body, bytes)
  VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?)`;

const MOVE = "UPDATE messages SET queue = ?, visible_at = ?, expires_at = ?, attempts = 0 WHERE pk = ?";

const OLDEST = "SELECT sent_at AS at FROM messages WHERE queue = ? ORDER BY visible_at LIMIT 1";

const DELETE = "DELETE FROM messages WHERE";

/** A change, and the promise that resolves when it is written. */
interface Change {
  readonly make: (queries: Queries) => void;
  readonly written: PromiseWithResolvers<void>;
}

/**
 * The queues of a file, which is made, like the directories above it, when the first of them is. `:memory:` keeps them in memory.
 * Rejects with `Failure`s as `openSqlite` does, whatever is asked first.
 */
export function sqliteQueues(file: string): QueueStore {
  return new SqliteQueues(file);
}

class SqliteQueues implements QueueStore {
  readonly #file: string;
  readonly #backlogs: Backlogs = new Backlogs();
  #open: { readonly db: Database; readonly queries: Queries } | undefined;
  #changes: Change[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  async queues(): Promise<Queue[]> {
    const rows = this.#known()?.all("SELECT json FROM queues ORDER BY name") ?? [];
    return rows.map(({ json }) => JSON.parse(String(json)) as Queue);
  }

  putQueue(queue: Queue): Promise<void> {
    return this.#change(({ run }) => {
      run(
        `INSERT INTO queues (id, name, json) VALUES (?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, json = excluded.json`,
        queue.id,
        queue.name,
        JSON.stringify(queue),
      );
    });
  }

  removeQueue(id: string): Promise<void> {
    return this.#change(({ run }) => {
      run(`${DELETE} queue = ?`, id);
      run("DELETE FROM queues WHERE id = ?", id);
      this.#backlogs.forget(id);
    });
  }

  add(queue: string, messages: readonly NewMessage[]): Promise<void> {
    return this.#change(({ run }) => {
      for (const message of messages) {
        const { id, sentAt, visibleAt, expiresAt, contentType, body } = message;
        const bytes = bodyBytes(message);
        run(ADD, queue, id, sentAt, visibleAt, expiresAt, contentType, body, bytes);
        this.#backlogs.add(queue, 1, bytes);
      }
    });
  }

  async next(
    queue: string,
    now: number,
    limit: number,
    skip: readonly number[],
  ): Promise<{ readonly pk: number; readonly visibleAt: number }[]> {
    const rows = this.#known()?.all(NEXT, queue, now, JSON.stringify(skip), limit) ?? [];
    return rows as unknown as { readonly pk: number; readonly visibleAt: number }[];
  }

  async read(pks: readonly number[]): Promise<StoredMessage[]> {
    return (this.#known()?.all(READ, JSON.stringify(pks)) ?? []) as unknown as StoredMessage[];
  }

  settle({ done, again, dead }: Settlement, letters?: DeadLetters): Promise<void> {
    return this.#change((queries) => {
      const { run } = queries;
      for (const pk of done) this.#delete(queries, "pk = ?", pk);
      for (const { pk, visibleAt, attempts } of again)
        run("UPDATE messages SET visible_at = ?, attempts = ? WHERE pk = ?", visibleAt, attempts, pk);
      for (const pk of dead) {
        if (letters === undefined) this.#delete(queries, "pk = ?", pk);
        else this.#move(queries, pk, letters);
      }
    });
  }

  purge(queue: string): Promise<void> {
    return this.#change(({ run }) => {
      run(`${DELETE} queue = ?`, queue);
      this.#backlogs.forget(queue);
    });
  }

  async backlog(queue: string): Promise<Backlog> {
    const known = this.#known();
    if (known === undefined) return { count: 0, bytes: 0, oldestSentAt: undefined };
    const at = known.one(OLDEST, queue)?.["at"];
    return { ...this.#backlogs.of(known, queue), oldestSentAt: at === undefined ? undefined : Number(at) };
  }

  async expire(now: number): Promise<void> {
    if (this.#known() !== undefined) await this.#change((queries) => this.#delete(queries, "expires_at <= ?", now));
  }

  async verify(): Promise<void> {
    if (this.#open !== undefined) checkFile(this.#open.db);
  }

  async close(): Promise<void> {
    this.#write();
    this.#open?.db.close();
    this.#open = undefined;
  }

  #delete(queries: Queries, which: string, value: number): void {
    for (const { queue, bytes } of queries.all(`${DELETE} ${which} RETURNING queue, bytes`, value))
      this.#backlogs.add(String(queue), -1, -Number(bytes));
  }

  #move(queries: Queries, pk: number, { queue, visibleAt, expiresAt }: DeadLetters): void {
    const found = queries.one("SELECT queue, bytes FROM messages WHERE pk = ?", pk);
    if (found === undefined) return;
    queries.run(MOVE, queue, visibleAt, expiresAt, pk);
    const bytes = Number(found["bytes"]);
    this.#backlogs.add(String(found["queue"]), -1, -bytes);
    this.#backlogs.add(queue, 1, bytes);
  }

  #change(make: Change["make"]): Promise<void> {
    const written = Promise.withResolvers<void>();
    if (this.#changes.push({ make, written }) === 1) setImmediate(() => this.#write());
    return written.promise;
  }

  #write(): void {
    const changes = this.#changes;
    this.#changes = [];
    if (changes.length === 0) return;
    try {
      const found = this.#made();
      found.within(() => {
        for (const { make } of changes) make(found);
      });
      for (const { written } of changes) written.resolve();
    } catch (cause) {
      this.#backlogs.forgetAll();
      for (const { written } of changes) written.reject(cause);
    }
  }

  /** Undefined as long as there has been no queue. */
  #known(): Queries | undefined {
    return this.#open === undefined && !existsSync(this.#file) ? undefined : this.#made();
  }

  #made(): Queries {
    if (this.#open !== undefined) return this.#open.queries;
    try {
      if (this.#file !== ":memory:") mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw unwritable(this.#file, cause);
    }
    try {
      const db = connectReader(this.#file);
      this.#open = { db, queries: queries(db) };
      migrate(db, this.#file, MIGRATIONS);
      return this.#open.queries;
    } catch (cause) {
      this.#open?.db.close();
      this.#open = undefined;
      throw openingFailure(this.#file, cause);
    }
  }
}
