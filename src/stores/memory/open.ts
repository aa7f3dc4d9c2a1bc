/** A store and a catalogue that live as long as the process. */
import { MemoryCatalog } from "./catalog.ts";
import { MemoryStore } from "./store.ts";

/** A new, empty pair. */
export function openMemoryStore(): { readonly store: MemoryStore; readonly catalog: MemoryCatalog } {
  return { store: new MemoryStore(), catalog: new MemoryCatalog() };
}
