/** A store, a catalogue and logs that live as long as the process. */
import type { Catalog } from "../../ports/catalog/catalog.ts";
import { sqliteCatalog } from "../sqlite/catalog/catalog.ts";
import { connectReader } from "../sqlite/connection/database.ts";
import { migrate } from "../sqlite/connection/migrate.ts";
import { MemoryStore } from "./store.ts";
import type { LogStore } from "../../ports/logs/instance-logs.ts";

/** New ones, empty. */
export function openMemoryStore(): { readonly store: MemoryStore; readonly catalog: Catalog; readonly logs: LogStore } {
  const store = new MemoryStore();
  const db = connectReader(":memory:");
  migrate(db, ":memory:");
  return { store, catalog: sqliteCatalog(db), logs: store.logs() };
}
