/** Small integers for names that every instance would repeat. Only the writer makes new ones, within its transaction. */
import type { Database, Statement } from "../connection/database.ts";

export class Names {
  readonly #known: Map<string, number> = new Map();
  readonly #find: Statement;
  readonly #insert: Statement;

  constructor(db: Database) {
    this.#find = db.prepare("SELECT pk FROM names WHERE name = ?");
    this.#insert = db.prepare("INSERT INTO names (name) VALUES (?) RETURNING pk");
  }

  /** The number of a name, which is given one if it has none. */
  keyOf(name: string): number {
    let key = this.#known.get(name);
    if (key === undefined) {
      const row = this.#find.get(name) ?? this.#insert.get(name);
      key = Number(row?.["pk"]);
      this.#known.set(name, key);
    }
    return key;
  }

  /** What was given in a transaction that was rolled back is void. */
  forget(): void {
    this.#known.clear();
  }
}
