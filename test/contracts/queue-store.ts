/** What holds for every store of queues. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CONSUMER_DEFAULTS, type Queue, QUEUE_DEFAULTS } from "../../src/model/platform/queue.ts";
import type { NewMessage, QueueStore } from "../../src/ports/queue-store.ts";

/** A queue with this name; its id begins with it. */
export function queueOf(name: string): Queue {
  return { id: `${name}-id`, name, createdAt: 1, modifiedAt: 2, settings: QUEUE_DEFAULTS };
}

/** A message that may be delivered from `visibleAt` on. */
export function messageAt(id: string, visibleAt: number, expiresAt = 1_000_000): NewMessage {
  return { id, sentAt: visibleAt - 1, visibleAt, expiresAt, contentType: "text", body: `body of ${id}` };
}

const NOTHING = { done: [], again: [], dead: [] };

/** Declares the tests. `open` opens a new and empty store, or what another has left, when that has been closed. */
export function queueStoreContract(name: string, open: (left?: QueueStore) => QueueStore | Promise<QueueStore>): void {
  describe(`queue store contract: ${name}`, () => {
    let store: QueueStore;

    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    const ids = async (queue: string, now = 100, limit = 10, skip: readonly number[] = []): Promise<string[]> => {
      const pks = (await store.next(queue, now, limit, skip)).map(({ pk }) => pk);
      return (await store.read(pks)).map(({ id }) => id);
    };
    const keys = async (queue: string): Promise<number[]> => (await store.next(queue, 0, 100, [])).map(({ pk }) => pk);

    test("is empty at first, whatever is asked", async () => {
      expect(await store.queues()).toEqual([]);
      expect(await store.next("a", 0, 1, [])).toEqual([]);
      expect(await store.read([1])).toEqual([]);
      expect(await store.backlog("a")).toEqual({ count: 0, bytes: 0, oldestSentAt: undefined });
      await store.expire(1);
    });

    test("keeps queues whole, by id; a name is one queue's", async () => {
      const settings = { ...CONSUMER_DEFAULTS, batchSize: 7 };
      const a: Queue = { ...queueOf("a"), consumer: { type: "worker", script: "s", id: "c", createdAt: 3, settings } };
      await store.putQueue(queueOf("b"));
      await store.putQueue(a);
      expect(await store.queues()).toEqual([a, queueOf("b")]);
      await store.putQueue({ ...a, name: "c" });
      expect(await store.queues()).toEqual([queueOf("b"), { ...a, name: "c" }]);
      await expect(store.putQueue({ ...a, name: "b" })).rejects.toThrow();
      expect(await store.queues()).toEqual([queueOf("b"), { ...a, name: "c" }]);
    });

    test("a queue goes with its messages, and takes no other's", async () => {
      for (const queue of ["a", "b"]) {
        await store.putQueue(queueOf(queue));
        await store.add(queue, [messageAt(`${queue}1`, 1)]);
      }
      await store.purge("b");
      await store.add("b", [messageAt("b2", 1)]);
      await store.removeQueue("a-id");
      expect(await store.queues()).toEqual([queueOf("b")]);
      expect(await ids("b")).toEqual(["b2"]);
    });

    test("gives messages in the order in which they may be delivered, then in that in which they came", async () => {
      await store.add("a", [messageAt("late", 50), messageAt("x", 10), messageAt("y", 10), messageAt("early", 5)]);
      await store.add("b", [messageAt("other", 1)]);
      expect(await ids("a")).toEqual(["early", "x", "y", "late"]);
      expect(await ids("a", 100, 2)).toEqual(["early", "x"]);
      const [early, x] = await store.next("a", 100, 2, []);
      expect([early?.visibleAt, x?.visibleAt]).toEqual([5, 10]);
      expect(await ids("a", 100, 2, [x?.pk ?? 0])).toEqual(["early", "y"]);
    });

    test("a message is as it was sent", async () => {
      const message = messageAt("m", 10);
      await store.add("a", [{ ...message, contentType: "bytes", body: "Af8=" }]);
      const [read] = await store.read(await keys("a"));
      expect(read).toEqual({ pk: read?.pk, id: "m", sentAt: 9, attempts: 0, contentType: "bytes", body: "Af8=" });
      expect(await store.backlog("a")).toEqual({ count: 1, bytes: 2, oldestSentAt: 9 });
    });

    test("settles: what is done goes, what comes again waits, what is given up moves or goes", async () => {
      await store.add(
        "a",
        ["done", "again", "moved", "gone", "left"].map((id, i) => messageAt(id, i)),
      );
      const [done = 0, again = 0, moved = 0, gone = 0] = await keys("a");
      const letters = { queue: "dead", visibleAt: 70, expiresAt: 1_000 };
      await store.settle({ done: [done, 999], again: [{ pk: again, visibleAt: 60, attempts: 3 }], dead: [moved, 998] }, letters);
      await store.settle({ ...NOTHING, dead: [gone] });
      expect(await ids("a")).toEqual(["left", "again"]);
      expect(await store.read([again])).toMatchObject([{ attempts: 3 }]);
      expect(await store.next("dead", 0, 10, [])).toEqual([{ pk: moved, visibleAt: 70 }]);
      expect(await store.read([moved])).toMatchObject([{ id: "moved", attempts: 0 }]);
      expect(await store.next("dead", 1_000, 10, [])).toEqual([]);
      await store.settle({ done: [done], again: [{ pk: done, visibleAt: 1, attempts: 1 }], dead: [done] }, letters);
      expect(await ids("dead")).toEqual(["moved"]);
    });

    test("an expired message is not listed, and is deleted", async () => {
      await store.add("a", [messageAt("old", 1, 50), messageAt("new", 2, 51)]);
      expect(await ids("a", 49)).toEqual(["old", "new"]);
      expect(await ids("a", 50)).toEqual(["new"]);
      const all = await keys("a");
      await store.expire(50);
      expect(await store.read(all)).toMatchObject([{ id: "new" }]);
    });

    test("changes of one turn are made in their order", async () => {
      await Promise.all([store.add("a", [messageAt("x", 1)]), store.purge("a"), store.add("a", [messageAt("y", 1)])]);
      expect(await ids("a")).toEqual(["y"]);
    });

    test("the counts match the stored messages", async () => {
      const change = fc.oneof(
        fc.record({ add: fc.constantFrom("a", "b"), many: fc.integer({ min: 1, max: 3 }) }),
        fc.record({ settle: fc.nat(8), as: fc.constantFrom("done", "dead", "moved") }),
        fc.record({ expire: fc.nat(20) }),
        fc.record({ purge: fc.constantFrom("a", "b") }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
          await Promise.all(["a", "b"].map((queue) => store.purge(queue)));
          await store.backlog("a");
          let sent = 0;
          for (const each of changes) {
            if ("add" in each) {
              const messages = Array.from({ length: each.many }, () => messageAt(`m${(sent += 1)}`, 1, sent));
              await store.add(each.add, messages);
            } else if ("settle" in each) {
              const pk = (await keys("a"))[each.settle] ?? 0;
              const letters = each.as === "moved" ? { queue: "b", visibleAt: 1, expiresAt: 9 } : undefined;
              await store.settle({ ...NOTHING, [each.as === "done" ? "done" : "dead"]: [pk] }, letters);
            } else if ("expire" in each) await store.expire(each.expire);
            else await store.purge(each.purge);
          }
          for (const queue of ["a", "b"]) {
            const there = await store.read(await keys(queue));
            const bytes = there.reduce((sum, { body }) => sum + body.length, 0);
            expect(await store.backlog(queue)).toMatchObject({ count: there.length, bytes });
          }
        }),
        { numRuns: 30 },
      );
    });

    test("durable messages are there after the store is closed and opened", async () => {
      await store.putQueue(queueOf("a"));
      await store.add("a-id", [messageAt("m", 1)]);
      await store.close();
      store = await open(store);
      expect(await store.queues()).toEqual([queueOf("a")]);
      expect(await ids("a-id")).toEqual(["m"]);
      expect(await store.backlog("a-id")).toMatchObject({ count: 1 });
    });
  });
}
