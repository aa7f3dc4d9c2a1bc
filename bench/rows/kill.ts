/**
 * A process of workerd is killed with a thousand instances in the middle of their steps. An instance goes on again when a step
 * that it began after the kill is durable as completed; none may be lost, and each has to end as it should.
 */
import { readFileSync } from "node:fs";
import { encode } from "../../src/model/values/value.ts";
import type { Store } from "../../src/ports/store.ts";
import { percentile, type Benchmark } from "../row.ts";
import { completed, openSubject } from "../stepwell.ts";

const INSTANCES = 1_000;

/** What an instance has to have shown within this counts, in milliseconds. */
const SOON_MS = 500;

/** When instances went on, by their primary key. */
class Progress {
  readonly times: Map<number, number> = new Map();
  readonly #recovered: Set<number> = new Set();
  #watching = false;

  watch(): void {
    this.#watching = true;
  }

  /** The same store, with all that is committed looked at. */
  over(inner: Store): Store {
    const commit: Store["commit"] = async (batch, lease) => {
      const result = await inner.commit(batch, lease);
      const now = performance.now();
      if (this.#watching) for (const { pk, row } of batch.appends) this.#look(pk, row.events, now);
      return result;
    };
    return new Proxy(inner, {
      get: (target, verb: keyof Store) => (verb === "commit" ? commit : target[verb].bind(target)),
    });
  }

  #look(pk: number, events: string, now: number): void {
    const at = events.indexOf('"workflow_recovered"');
    if (at >= 0) this.#recovered.add(pk);
    if (this.#recovered.has(pk) && !this.times.has(pk) && events.includes('"step_completed"', Math.max(0, at)))
      this.times.set(pk, now);
  }
}

/** The processes of workerd that this one has. */
function processes(): number[] {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").trim().split(" ").map(Number);
  return children.filter((pid) => readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "workerd");
}

export const kill: readonly Benchmark[] = [
  {
    ids: ["workerd-kill-1000", "workerd-kill-1000-p99"],
    system: "stepwell",
    executor: "workerd",
    store: "sqlite-full",
    units: { "workerd-kill-1000": `% on again within ${SOON_MS} ms`, "workerd-kill-1000-p99": "ms" },
    async measure() {
      const progress = new Progress();
      const subject = await openSubject("workerd", {}, undefined, (store) => progress.over(store));
      try {
        const requests = Array.from({ length: INSTANCES }, () => ({ params: encode({ steps: 40, ms: 50 }) }));
        await subject.engine.create("Paced", requests, "api");
        // All of them have begun, and none has ended.
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        if ((await subject.store.statusCounts("Paced")).running !== INSTANCES) throw new Error("They are not all running");
        progress.watch();
        const killed = performance.now();
        // The first is the one in use; the other is kept ready.
        const [used = 0] = processes();
        process.kill(used, "SIGKILL");
        await completed(subject, "Paced", INSTANCES);
        const after = [...progress.times.values()].map((time) => time - killed);
        if (after.length !== INSTANCES) throw new Error(`${INSTANCES - after.length} instances have not been seen to go on`);
        const soon = after.filter((ms) => ms <= SOON_MS).length;
        return { "workerd-kill-1000": (soon * 100) / INSTANCES, "workerd-kill-1000-p99": percentile(after, 99) };
      } finally {
        await subject.close();
      }
    },
  },
];
