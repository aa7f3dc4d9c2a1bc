import { storeContract } from "../../../test/contracts/store.ts";
import { openMemoryStore } from "./open.ts";

storeContract("memory", async () => {
  const { store, catalog, logs } = openMemoryStore();
  return { store, catalog, logs, close: () => store.close() };
});
