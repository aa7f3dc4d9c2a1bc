import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import { fakeClock } from "../../testing/fake-clock.ts";
import { Feeds, type FeedReader, type News } from "./feed.ts";

const open = (): { feeds: Feeds<string, number>; stop: AbortController; reader: FeedReader<number> } => {
  const feeds = new Feeds<string, number>(fakeClock());
  const stop = new AbortController();
  return { feeds, stop, reader: feeds.open("a", stop.signal) };
};

test("a reader gets what comes after it was opened, once and in order", async () => {
  const { feeds, reader } = open();
  feeds.push("a", 1, 1);
  feeds.push("b", 2, 1);
  expect(await reader.next()).toEqual({ items: [1], missed: 0 });
  const late = feeds.open("a", new AbortController().signal);
  const next = [reader.next(), late.next()];
  feeds.push("a", 3, 1);
  feeds.push("a", 4, 1);
  expect(await Promise.all(next)).toEqual([
    { items: [3, 4], missed: 0 },
    { items: [3, 4], missed: 0 },
  ]);
});

test("the rest is read before the end, and before a failure", async () => {
  const ended = open();
  ended.feeds.push("a", 1, 1);
  ended.feeds.end("a");
  expect(await ended.reader.next()).toEqual({ items: [1], missed: 0 });
  expect(await ended.reader.next()).toBeUndefined();
  const closed = open();
  closed.feeds.push("a", 1, 1);
  closed.feeds.close(new Failure("shutting_down"));
  expect(await closed.reader.next()).toEqual({ items: [1], missed: 0 });
  await expect(closed.reader.next()).rejects.toMatchObject({ failure: "shutting_down" });
  await expect(closed.feeds.open("b", closed.stop.signal).next()).rejects.toMatchObject({ failure: "shutting_down" });
});

describe("nothing is kept for", () => {
  test("a reader that has been closed or aborted, also while it waited", async () => {
    for (const leave of [(s: ReturnType<typeof open>) => s.stop.abort(), (s: ReturnType<typeof open>) => s.reader.close()]) {
      const setup = open();
      const next = setup.reader.next();
      expect(setup.feeds.watched("a")).toBe(true);
      leave(setup);
      expect(setup.feeds.watched("a")).toBe(false);
      expect(await next).toBeUndefined();
      expect(await setup.reader.next()).toBeUndefined();
    }
  });

  test("a reader that has come too late", () => {
    const feeds = new Feeds<string, number>(fakeClock());
    feeds.open("a", AbortSignal.abort());
    expect(feeds.watched("a")).toBe(false);
  });
});

test("for any pushes and reads, every lost item is reported as missed, and a feed keeps no more than its limit", async () => {
  const half = LIMITS.feedBytes / 2;
  const act = fc.oneof(fc.record({ push: fc.constantFrom(1, half, half + 1, 3 * half) }), fc.record({ read: fc.nat(2) }));
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
      const feeds = new Feeds<string, number>(fakeClock());
      const readers = [0, 1, 2].map(() => ({ reader: feeds.open("a", new AbortController().signal), at: 0 }));
      const weights: number[] = [];
      const take = async (which: number): Promise<void> => {
        const each = readers[which];
        if (each === undefined || each.at === weights.length) return;
        const { items, missed } = (await each.reader.next()) as News<number>;
        const begin = each.at + missed;
        expect(items).toEqual(weights.slice(begin).map((_, i) => begin + i));
        const kept = weights.slice(begin).reduce((sum, weight) => sum + weight, 0);
        expect(kept <= LIMITS.feedBytes || items.length === 1).toBe(true);
        // What has been let go would have been too much together with the rest.
        if (missed > 0) expect(kept + (weights[begin - 1] ?? 0)).toBeGreaterThan(LIMITS.feedBytes);
        each.at = weights.length;
      };
      for (const one of acts) {
        if ("read" in one) await take(one.read);
        else {
          feeds.push("a", weights.length, one.push);
          weights.push(one.push);
        }
      }
      for (const which of readers.keys()) await take(which);
    }),
    { numRuns: 200 },
  );
});
