/**
 * A D1 database as user code sees it: Cloudflare's API, made of requests like those that its runtime makes. Sources: the
 * documentation of the API, and what the same calls do in workerd (`test/storage.test.ts` compares the two).
 */
import type { Stub } from "./stub.ts";

type Row = Readonly<Record<string, unknown>>;

interface Meta {
  readonly duration: number;
}

/** What a statement comes to. */
interface Result<T> {
  readonly success: true;
  readonly meta: Meta;
  readonly results: T;
}

interface Answer {
  readonly success: boolean;
  readonly error?: string;
  readonly meta?: Meta;
  readonly results?: unknown;
}

interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

interface Query {
  readonly sql: string;
  readonly params: readonly unknown[];
}

const BOOKMARK = "x-cf-d1-session-commit-token";

/** Statements that see one another's effects, and the way to the database. */
class D1DatabaseSession {
  readonly #stub: Stub;
  #bookmark: string | undefined;

  constructor(stub: Stub, bookmark?: string) {
    this.#stub = stub;
    this.#bookmark = bookmark;
  }

  prepare(sql: string): D1PreparedStatement {
    return new D1PreparedStatement(this, sql, []);
  }

  async batch(statements: readonly D1PreparedStatement[]): Promise<Result<Row[]>[]> {
    const answers = await this.ask(statements.map(({ statement: sql, params }) => ({ sql, params })));
    return answers.map(asObjects);
  }

  /** The state of the database that the session has seen; a constraint that it began with is none. */
  getBookmark(): string | null {
    const constraints = ["first-primary", "first-unconstrained", undefined];
    return constraints.includes(this.#bookmark) ? null : (this.#bookmark ?? null);
  }

  /** Runs statements in one transaction. */
  async ask(queries: readonly Query[] | Query): Promise<Result<Table>[]> {
    for (const { sql } of [queries].flat())
      if (typeof sql !== "string") throw d1Error("D1_TYPE_ERROR", `Type '${typeof sql}' not supported for a statement`);
    const answers = await this.askFor("query", queries, "ROWS_AND_COLUMNS");
    const failed = answers.find(({ success }) => !success);
    if (failed !== undefined) throw d1Error("D1_ERROR", failed.error ?? "");
    return answers as unknown as Result<Table>[];
  }

  async askFor(path: string, queries: unknown, format: string): Promise<Answer[]> {
    const answer = await this.#stub.fetch(`http://d1/${path}?resultsFormat=${format}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(this.#bookmark !== undefined && { [BOOKMARK]: this.#bookmark }) },
      body: JSON.stringify(queries),
    });
    this.#bookmark = answer.headers.get(BOOKMARK) ?? this.#bookmark;
    const text = await answer.text();
    try {
      const answers = JSON.parse(text) as Answer | Answer[];
      return Array.isArray(answers) ? answers : [answers];
    } catch (cause) {
      throw d1Error("D1_ERROR", text, cause);
    }
  }
}

export class D1Database {
  readonly #stub: Stub;
  readonly #session: D1DatabaseSession;

  constructor(stub: Stub) {
    this.#stub = stub;
    this.#session = new D1DatabaseSession(stub);
  }

  prepare(sql: string): D1PreparedStatement {
    return this.#session.prepare(sql);
  }

  batch(statements: readonly D1PreparedStatement[]): Promise<Result<Row[]>[]> {
    return this.#session.batch(statements);
  }

  /** Statements without parameters, one a line. */
  async exec(text: string): Promise<{ readonly count: number; readonly duration: number }> {
    const lines = text.trim().split("\n");
    const queries = lines.map((sql) => ({ sql, params: [] }));
    const answers = await this.#session.askFor("execute", queries, "NONE");
    const failed = answers.findIndex(({ error }) => error !== undefined && error !== "");
    if (failed >= 0) {
      const said = `Error in line ${failed + 1}: ${lines[failed]}: ${answers[failed]?.error}`;
      throw d1Error("D1_EXEC_ERROR", said);
    }
    return { count: answers.length, duration: answers.reduce((sum, { meta }) => sum + (meta?.duration ?? 0), 0) };
  }

  /** A session that begins with a bookmark, or with a constraint on which copy answers first: here there is one. */
  withSession(from?: string): D1DatabaseSession {
    return new D1DatabaseSession(this.#stub, from?.trim() || "first-unconstrained");
  }

  dump(): Promise<never> {
    return Promise.reject(d1Error("D1_DUMP_ERROR", "Status + 404"));
  }
}

class D1PreparedStatement {
  readonly statement: string;
  readonly params: readonly unknown[];
  readonly #session: D1DatabaseSession;

  constructor(session: D1DatabaseSession, statement: string, params: readonly unknown[]) {
    this.#session = session;
    this.statement = statement;
    this.params = params;
  }

  bind(...values: readonly unknown[]): D1PreparedStatement {
    return new D1PreparedStatement(this.#session, this.statement, values.map(toParameter));
  }

  async first(column?: string): Promise<unknown> {
    const { results } = asObjects(await this.#ask());
    const [row] = results;
    if (row === undefined) return null;
    if (column === undefined) return row;
    if (row[column] === undefined)
      throw d1Error("D1_COLUMN_NOTFOUND", `Column not found (${column})`, new Error("Column not found"));
    return row[column];
  }

  async all(): Promise<Result<Row[]>> {
    return asObjects(await this.#ask());
  }

  async run(): Promise<Result<Row[]>> {
    return asObjects(await this.#ask());
  }

  async raw({ columnNames = false }: { readonly columnNames?: boolean } = {}): Promise<unknown[][]> {
    const { results } = await this.#ask();
    const rows = results.rows.map((row) => [...row]);
    return columnNames ? [[...results.columns], ...rows] : rows;
  }

  async #ask(): Promise<Result<Table>> {
    const [result] = await this.#session.ask({ sql: this.statement, params: this.params });
    if (result === undefined) throw d1Error("D1_ERROR", "There was no answer");
    return result;
  }
}

function asObjects({ success, meta, results: { columns, rows } }: Result<Table>): Result<Row[]> {
  return { success, meta, results: rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]]))) };
}

/** A value as JSON carries it: bytes are an array. */
function toParameter(value: unknown): unknown {
  if (value === null || typeof value === "number" || typeof value === "string") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value instanceof ArrayBuffer) return Array.from(new Uint8Array(value));
  if (ArrayBuffer.isView(value)) return Array.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  if (Array.isArray(value) && value.every(isByte)) return value;
  throw d1Error("D1_TYPE_ERROR", `Type '${typeof value}' not supported for value '${value as string}'`);
}

function isByte(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value < 256;
}

function d1Error(name: string, message: string, cause: unknown = new Error(message)): Error {
  return new Error(`${name}: ${message}`, { cause });
}
