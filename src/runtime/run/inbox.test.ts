import fc from "fast-check";
import { expect, test } from "vitest";
import type { StartFrame, ToRuntime } from "../../protocol/frames.ts";
import { Inbox } from "./inbox.ts";

const start = (run: number): ToRuntime => ({ type: "start", run }) as StartFrame;
const acks = (...runs: readonly number[]): ToRuntime => ({ type: "acks", acks: runs.flatMap((run) => [run, 1]) });
const stop = (run: number): ToRuntime => ({ type: "stop", run });

/** Takes batches, each in a turn of its own, and then turns until nothing is left; answers what was handed on in which turn. */
function turnsOf(batches: readonly (readonly ToRuntime[])[]): ToRuntime[][] {
  const turns: ToRuntime[][] = [];
  let due: (() => void)[] = [];
  const inbox = new Inbox(
    (fire) => due.push(fire),
    (frame) => turns.at(-1)?.push(frame),
  );
  const waiting = [...batches];
  while (waiting.length > 0 || due.length > 0) {
    turns.push([]);
    const now = due;
    due = [];
    inbox.add(waiting.shift() ?? []);
    for (const fire of now) fire();
  }
  return turns;
}

test("a run that has begun does not wait for a thousand that are to", () => {
  const starts = Array.from({ length: 1_000 }, (_, run) => start(run));
  const [first = [], second = []] = turnsOf([starts, [acks(0, 1, 2)]]);
  expect(first).toHaveLength(32);
  expect(second[0]).toEqual(acks(0, 1, 2));
});

test("runs that are to begin are not held up by busy ones", () => {
  const busy = Array.from({ length: 50 }, () => Array.from({ length: 4 }, () => acks(...Array.from({ length: 32 }, () => 1))));
  const turns = turnsOf([[start(1), ...Array.from({ length: 100 }, (_, run) => start(run + 2))], ...busy]);
  const begun = turns.findIndex(
    (_, i) =>
      turns
        .slice(0, i)
        .flat()
        .filter(({ type }) => type === "start").length === 101,
  );
  expect(begun).toBeGreaterThan(0);
  expect(begun).toBeLessThan(20);
});

test("nothing is lost, and what is said to a run comes after its beginning, in order", () => {
  const said = fc.tuple(fc.nat(20), fc.constantFrom("stop", "pause", "unpause"));
  fc.assert(
    fc.property(fc.array(fc.array(said, { maxLength: 60 }), { maxLength: 6 }), (plan) => {
      const begun = new Set<number>();
      const batches = plan.map((batch) =>
        batch.flatMap(([run, type]): ToRuntime[] => {
          const frame = { type, run } as ToRuntime;
          if (begun.has(run)) return [frame];
          begun.add(run);
          return [start(run), frame];
        }),
      );
      const taken = turnsOf(batches).flat();
      for (const run of begun) {
        const of = (frames: readonly ToRuntime[]): ToRuntime[] => frames.filter((frame) => "run" in frame && frame.run === run);
        expect(of(taken)).toEqual(of(batches.flat()));
      }
      expect(taken).toHaveLength(batches.flat().length);
    }),
  );
});

test("what is said to a run after another one takes over from it waits for that", () => {
  const others = Array.from({ length: 40 }, (_, run) => start(run + 10));
  const over = { type: "start", run: 2, rollback: { inherits: 1 } } as StartFrame;
  const taken = turnsOf([[...others, over, stop(1)]]).flat();
  expect(taken.slice(-2)).toEqual([over, stop(1)]);
});
