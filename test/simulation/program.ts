/** Random workflow programs: what they may do, and how they end by the meaning of steps alone. */
import fc from "fast-check";

/** What a step's callback does. */
export interface Work {
  readonly name: string;
  /** How often it throws before it returns. The step is retried as often, and not once more. */
  readonly fails: number;
  /** How long each call takes, in milliseconds. */
  readonly ms: number;
  /** How often its rollback handler throws before it returns; null when it has none. */
  readonly undo: number | null;
}

/** What a program does. */
export type Act =
  | ({ readonly is: "do" } & Work)
  /** The first call takes longer than its time-out. */
  | { readonly is: "late"; readonly name: string }
  /** Brings a stream of so many chunks. */
  | { readonly is: "stream"; readonly name: string; readonly chunks: number }
  /** The step's error is caught. `tries` is how often it is tried; once when it is an error after which there is no other try. */
  | { readonly is: "caught"; readonly name: string; readonly tries?: number }
  /** The step's error is not caught: the instance fails. */
  | { readonly is: "thrown"; readonly name: string }
  /** A race of a step against a longer sleep, which is not awaited any more. */
  | ({ readonly is: "race" } & Work)
  | { readonly is: "sleep"; readonly ms: number }
  | { readonly is: "wait"; readonly timesOut: boolean }
  /** Creates an instance by binding and waits until that says that it has ended, unless this is such an instance itself. */
  | { readonly is: "child"; readonly name: string; readonly workflow: number }
  | { readonly is: "all"; readonly branches: readonly Program[] };

export type Program = readonly Act[];

const name = fc.constantFrom("a", "b", "c");
const work = {
  name,
  fails: fc.constantFrom(0, 0, 0, 1, 2),
  ms: fc.constantFrom(0, 0, 1, 40, 2_000),
  undo: fc.constantFrom(null, null, 0, 1),
};

export const program: fc.Arbitrary<Program> = fc.letrec<{ act: Act; program: Program }>((tie) => ({
  act: fc.oneof(
    { maxDepth: 2 },
    { weight: 6, arbitrary: fc.record({ is: fc.constant("do" as const), ...work }) },
    { weight: 1, arbitrary: fc.record({ is: fc.constant("late" as const), name }) },
    { weight: 1, arbitrary: fc.record({ is: fc.constant("stream" as const), name, chunks: fc.nat(3) }) },
    { weight: 2, arbitrary: fc.record({ is: fc.constant("caught" as const), name, tries: fc.constantFrom(1, 1, 3) }) },
    { weight: 1, arbitrary: fc.record({ is: fc.constant("thrown" as const), name }) },
    { weight: 2, arbitrary: fc.record({ is: fc.constant("race" as const), ...work }) },
    { weight: 3, arbitrary: fc.record({ is: fc.constant("sleep" as const), ms: fc.constantFrom(0, 1, 500.25, 5_000, 90_000) }) },
    { weight: 3, arbitrary: fc.record({ is: fc.constant("wait" as const), timesOut: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ is: fc.constant("child" as const), name, workflow: fc.nat(1) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        is: fc.constant("all" as const),
        branches: fc.array(tie("program"), { minLength: 2, maxLength: 3 }),
      }),
    },
  ),
  program: fc.array(tie("act"), { maxLength: 4 }),
})).program;

/** The type of events that programs wait for. */
export const EVENT_TYPE = "go";

/** A name for a step, also of its callback. */
export function keyOf(kind: "do" | "sleep" | "wait", name: string, count: number): string {
  return kind === "do" ? `${name}-${count}` : `${kind} ${name}-${count}`;
}

/** True when a program returns, false when it throws, whatever befalls it on the way. */
export function returns(program: Program): boolean {
  return program.every((act) => act.is !== "thrown" && (act.is !== "all" || act.branches.every(returns)));
}
