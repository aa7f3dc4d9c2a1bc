import { storeContract } from "../../testing/store-contract.ts";
import { openMemoryStore } from "./open.ts";

storeContract("memory", async () => {
  const { store, catalog } = openMemoryStore();
  return { store, catalog, close: () => store.close() };
});
