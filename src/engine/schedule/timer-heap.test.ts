/** The heap against a list that is sorted anew each time. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Timer } from "../state/live.ts";
import { TimerHeap } from "./timer-heap.ts";

const act = fc.oneof(fc.record({ add: fc.nat(50) }), fc.record({ remove: fc.nat() }), fc.constant({ takeFirst: true } as const));

test("the first timer is the earliest, whatever was added and taken out before", () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
      const heap = new TimerHeap<number>();
      const all: Timer<number>[] = [];
      for (const [i, each] of acts.entries()) {
        if ("add" in each) all.push(heap.add(each.add, i));
        else {
          const timer = "remove" in each ? all[each.remove % Math.max(1, all.length)] : heap.first;
          if (timer === undefined) continue;
          heap.remove(timer);
          all.splice(all.indexOf(timer), 1);
        }
        expect(heap.size).toBe(all.length);
        expect(heap.first?.at).toBe(all.length === 0 ? undefined : Math.min(...all.map(({ at }) => at)));
      }
    }),
  );
});
