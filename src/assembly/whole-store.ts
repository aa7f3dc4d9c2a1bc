/** The store of a data directory with several databases: it is there only while all of them are. */
import type { Store } from "../ports/store.ts";

/** As `store`, but `verify` looks at the others as well. */
export function wholeStore(store: Store, others: readonly Pick<Store, "verify">[]): Store {
  const verify = async (): Promise<void> => {
    await store.verify();
    for (const other of others) await other.verify();
  };
  return { ...store, verify };
}
