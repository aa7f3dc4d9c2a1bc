/** A store, a catalogue and logs that live as long as the process. */
import { MemoryCatalog } from "./catalog.ts";
import { MemoryLogs } from "./logs.ts";
import { MemoryStore } from "./store.ts";

/** New ones, empty. */
export function openMemoryStore(): { readonly store: MemoryStore; readonly catalog: MemoryCatalog; readonly logs: MemoryLogs } {
  const store = new MemoryStore();
  return { store, catalog: new MemoryCatalog(), logs: new MemoryLogs((pk) => store.has(pk)) };
}
