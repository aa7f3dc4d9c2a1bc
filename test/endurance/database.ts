/** Looks into the database of a server that runs, from outside and without writing: what its instances do, and what they returned. */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { decode } from "../../src/model/values/value.ts";

/** An instance that has not ended, and how far its journal goes. */
export interface Unfinished {
  readonly pk: number;
  readonly workflow: string;
  readonly id: string;
  readonly status: string;
  readonly wakeAt: number | null;
  /** The number of its last journal row: it grows with everything that the instance does. */
  readonly seq: number;
}

const UNFINISHED = `SELECT instances.pk, name AS workflow, id, status, wake_at AS wakeAt,
  (SELECT max(seq) FROM journal WHERE journal.instance = instances.pk) AS seq
  FROM instances JOIN names ON names.pk = workflow`;

/** More than this many of each kind are not looked at: the oldest stand for all. */
const MOST = 20_000;

export class Database {
  readonly #file: string;
  #opened: DatabaseSync | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** Those that hold a slot. */
  running(): Unfinished[] {
    return this.#all(`${UNFINISHED} WHERE status IN ('running', 'waitingForPause', 'rollingBack') LIMIT ${MOST}`);
  }

  /** Those whose timer was due at a moment. */
  due(at: number): Unfinished[] {
    return this.#all(`${UNFINISHED} WHERE status = 'waiting' AND wake_at <= ? ORDER BY wake_at LIMIT ${MOST}`, at);
  }

  queued(): Unfinished[] {
    return this.#all(`${UNFINISHED} WHERE status = 'queued' ORDER BY created_at LIMIT ${MOST}`);
  }

  /** How many instances of a workflow have not ended. */
  unfinished(workflow: string): number {
    const { complete: _, errored: __, terminated: ___, ...others } = this.counts(workflow);
    return Object.values(others).reduce((sum, each) => sum + each, 0);
  }

  /** How many instances there are, by workflow and status, in words. */
  summary(): string {
    const rows = this.#all<{ name: string; status: string; instances: number }>(
      "SELECT name, status, instances FROM status_counts JOIN names ON names.pk = workflow WHERE instances > 0",
    );
    return rows.map(({ name, status, instances }) => `${instances} ${name} ${status}`).join(", ");
  }

  /** How many instances of a workflow there are, by status. */
  counts(workflow: string): Readonly<Record<string, number>> {
    const rows = this.#all<{ status: string; instances: number }>(
      "SELECT status, instances FROM status_counts WHERE workflow = (SELECT pk FROM names WHERE name = ?) AND instances > 0",
      workflow,
    );
    return Object.fromEntries(rows.map(({ status, instances }) => [status, instances]));
  }

  /** Undefined when there is no such instance. */
  status(workflow: string, id: string): string | undefined {
    const [row] = this.#all<{ status: string }>(
      "SELECT status FROM instances WHERE workflow = (SELECT pk FROM names WHERE name = ?) AND id = ?",
      workflow,
      id,
    );
    return row?.status;
  }

  hasEnded(workflow: string, id: string): boolean {
    return ["complete", "errored", "terminated"].includes(this.status(workflow, id) ?? "");
  }

  /** The kinds of errors that instances have ended with, and how many of each. */
  errors(): readonly { readonly message: string; readonly instances: number }[] {
    return this.#all("SELECT message, instances FROM error_groups ORDER BY instances DESC LIMIT 5");
  }

  /** What the complete instances of a workflow have returned, by id. */
  outputs(workflow: string): Map<string, unknown> {
    const rows = this.#all<{ id: string; events: string }>(
      `SELECT instances.id, events FROM instances JOIN journal ON journal.instance = instances.pk
       WHERE workflow = (SELECT pk FROM names WHERE name = ?) AND status = 'complete'
       AND seq = (SELECT max(seq) FROM journal AS last WHERE last.instance = instances.pk)`,
      workflow,
    );
    return new Map(
      rows.map(({ id, events }) => {
        const output = (JSON.parse(events) as { type: string; output?: string }[]).findLast(
          ({ type }) => type === "workflow_completed",
        )?.output;
        return [id, output === undefined ? undefined : decode(output)];
      }),
    );
  }

  /** How often instances were taken up again after their host, or the server, had ended. */
  recoveries(): number {
    const [row] = this.#all<{ n: number }>(`SELECT count(*) AS n FROM journal WHERE events LIKE '%"workflow_recovered"%'`);
    return row?.n ?? 0;
  }

  close(): void {
    this.#opened?.close();
    this.#opened = undefined;
  }

  #all<T = Unfinished>(sql: string, ...values: SQLInputValue[]): T[] {
    this.#opened ??= new DatabaseSync(this.#file, { readOnly: true, timeout: 2_000 });
    return this.#opened.prepare(sql).all(...values) as T[];
  }
}
