import { storeContract } from "../../testing/store-contract.ts";
import { openMemoryStore } from "./open.ts";

storeContract("memory", async () => {
  const { store, catalog, logs } = openMemoryStore();
  return { store, catalog, logs, close: () => store.close() };
});
