/** Queues in a SQLite file of their own. What is asked in one turn of the event loop is written in one transaction. */
import { bodyBytes, type Queue, type Settlement } from "../../../model/platform/queue.ts";
import type { Backlog, DeadLetters, NewMessage, QueueStore, StoredMessage } from "../../../ports/queue-store.ts";
import { Backlogs } from "./backlogs.ts";
import { queues0001 } from "./schema-0001.ts";
import { OwnFile } from "../connection/own-file.ts";
import type { Queries } from "../connection/queries.ts";

/** `+ 0`: see `prepare` in `journal/reader.ts`. */
const NEXT = `SELECT pk, visible_at AS visibleAt FROM messages
  WHERE queue = ? AND expires_at > ? AND pk NOT IN (SELECT value FROM json_each(?)) ORDER BY visible_at, pk LIMIT ? + 0`;

const READ = `SELECT pk, id, sent_at AS sentAt, attempts, content_type AS contentType, body FROM messages
  WHERE pk IN (SELECT value FROM json_each(?)) ORDER BY visible_at, pk`;

const PUT = `INSERT INTO queues (id, name, json) VALUES (?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET name = excluded.name, json = excluded.json`;

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
export class SqliteQueues implements QueueStore {
  readonly #file: OwnFile;
  readonly #backlogs: Backlogs = new Backlogs();
  #changes: Change[] = [];

  constructor(file: string) {
    this.#file = new OwnFile(file, [queues0001]);
  }

  async queues(): Promise<Queue[]> {
    const rows = this.#file.known()?.all("SELECT json FROM queues ORDER BY name") ?? [];
    return rows.map(({ json }) => JSON.parse(String(json)) as Queue);
  }

  putQueue(queue: Queue): Promise<void> {
    return this.#change(({ run }) => void run(PUT, queue.id, queue.name, JSON.stringify(queue)));
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
    const rows = this.#file.known()?.all(NEXT, queue, now, JSON.stringify(skip), limit) ?? [];
    return rows as unknown as { readonly pk: number; readonly visibleAt: number }[];
  }

  async read(pks: readonly number[]): Promise<StoredMessage[]> {
    return (this.#file.known()?.all(READ, JSON.stringify(pks)) ?? []) as unknown as StoredMessage[];
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
    const known = this.#file.known();
    if (known === undefined) return { count: 0, bytes: 0, oldestSentAt: undefined };
    const at = known.one(OLDEST, queue)?.["at"];
    return { ...this.#backlogs.of(known, queue), oldestSentAt: at === undefined ? undefined : Number(at) };
  }

  async expire(now: number): Promise<void> {
    if (this.#file.known() !== undefined) await this.#change((queries) => this.#delete(queries, "expires_at <= ?", now));
  }

  async verify(): Promise<void> {
    this.#file.verify();
  }

  async close(): Promise<void> {
    this.#write();
    this.#file.close();
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
      const found = this.#file.made();
      found.within(() => {
        for (const { make } of changes) make(found);
      });
      for (const { written } of changes) written.resolve();
    } catch (cause) {
      this.#backlogs.forgetAll();
      for (const { written } of changes) written.reject(cause);
    }
  }
}
