/** The SQLite store, with commits that fail by chance: before anything is written, after everything is, or all of them for a while. */
import type { Store } from "../../src/ports/store.ts";
import type { Batch, BatchResult } from "../../src/ports/instances/commit.ts";
import type { Lease } from "../../src/ports/instances/journal-store.ts";
import { openSqlite as openReal } from "../../src/stores/sqlite/open.ts";
import { randomFrom } from "../support/random.ts";

/** What fails. It is handed over in the environment. */
export interface Faults {
  readonly seed: number;
  /** Of the commits, how many fail with nothing written. */
  readonly before: number;
  /** Of the commits, how many are written and reported as failed all the same. */
  readonly after: number;
  /** Now and then every commit fails for a while: every so many milliseconds, for so many. */
  readonly outageEveryMs: number;
  readonly outageMs: number;
  /** From the first commit on; after that nothing fails any more. */
  readonly forMs: number;
}

type Opened = Awaited<ReturnType<typeof openReal>>;

/** In the place of the function of this name in `stores/sqlite/open.ts`. */
export async function openSqlite(...args: Parameters<typeof openReal>): Promise<Opened> {
  const opened = await openReal(...args);
  const faults = JSON.parse(process.env["ENDURANCE_FAULTS"] ?? "") as Faults;
  return { ...opened, store: failing(opened.store, faults) };
}

function failing(inner: Store, faults: Faults): Store {
  const random = randomFrom(faults.seed);
  let begun: number | undefined;
  const commit = async (batch: Batch, lease: Lease): Promise<BatchResult> => {
    begun ??= performance.now();
    const elapsed = performance.now() - begun;
    if (elapsed > faults.forMs) return inner.commit(batch, lease);
    const isOut = elapsed % faults.outageEveryMs > faults.outageEveryMs - faults.outageMs;
    if (isOut || random() < faults.before) throw injected("nothing is written");
    const result = await inner.commit(batch, lease);
    if (random() < faults.after) throw injected("all is written");
    return result;
  };
  return new Proxy(inner, {
    get: (target, verb: keyof Store) => (verb === "commit" ? commit : target[verb].bind(target)),
  });
}

function injected(what: string): Error {
  process.emit("endurance-fault" as never);
  return new Error(`A fault of the endurance suite: ${what}`);
}
