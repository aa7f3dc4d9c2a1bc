/** Runs one target for some time or for some inputs, and says what was found. */
import { seedFor } from "../support/random.ts";
import { escaped } from "./escapes.ts";
import type { Target } from "./target.ts";

export interface Budget {
  readonly seed: number;
  /** Inputs at the most. */
  readonly runs: number;
  readonly forMs: number;
  /** Of an earlier failure: `seed` is the one that was printed with it. */
  readonly path?: string | undefined;
}

export interface Result {
  readonly name: string;
  readonly inputs: number;
  readonly seconds: number;
  readonly figures: Readonly<Record<string, number>>;
  /** What is wrong, as text: of an input, and of what is asserted at the end. */
  readonly failures: readonly string[];
}

/** Inputs between two looks at the clock. */
const CHUNK = 250;

export async function runTarget({ name, open }: Target, { seed, runs, forMs, path }: Budget): Promise<Result> {
  const figures: Record<string, number> = {};
  const failures: string[] = [];
  const began = performance.now();
  const msSince = (): number => performance.now() - began;
  let inputs = 0;
  const attempt = async (what: string, action: () => Promise<void>): Promise<void> => {
    try {
      await action();
    } catch (cause) {
      failures.push(`${what}: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`);
    }
  };
  await attempt("open", async () => {
    const target = await open((figure, by = 1) => void (figures[figure] = (figures[figure] ?? 0) + by));
    await attempt("inputs", async () => {
      for (let chunk = 0; inputs < runs && (chunk === 0 || msSince() < forMs); chunk += 1) {
        const chunkSeed = path === undefined ? seedFor(seed, `${name} ${chunk}`) | 0 : seed;
        const size = path === undefined ? Math.min(CHUNK, runs - inputs) : 1;
        const ran = await target.run({ seed: chunkSeed, runs: size, path, withFound: chunk === 0 });
        inputs += ran.inputs;
        if (ran.failure !== undefined) {
          const again = `npm run fuzz -- --only ${name} --seed ${chunkSeed} --path ${ran.failure.path}`;
          failures.push(`an input breaks a promise; again: ${again}\n${ran.failure.report}`);
        }
        if (ran.failure !== undefined || path !== undefined) return;
      }
    });
    if (failures.length === 0) await attempt("at the end", async () => target.check?.());
    await attempt("close", async () => target.close?.());
    // What a promise without a handler left behind is seen a turn later.
    await new Promise((resolve) => setImmediate(resolve));
  });
  for (let stray = escaped(); stray !== undefined; stray = escaped()) failures.push(`nothing handled: ${stray}`);
  return { name, inputs, seconds: msSince() / 1_000, figures, failures };
}
