/** From a seed to a plan, and from a plan that fails to the smallest one that still does. */
import fc from "fast-check";
import { plan, type Plan } from "./plan.ts";
import { simulate, type Outcome } from "./simulate.ts";

/** How long a failing plan is made smaller, in milliseconds. */
const SHRINK_MS = 60_000;

/** Runs the plan of a seed. */
export async function simulateSeed(seed: number): Promise<Outcome> {
  let outcome: Outcome | undefined;
  await fc.check(
    fc.asyncProperty(plan, async (each) => {
      outcome = await simulate(each);
    }),
    { seed, numRuns: 1 },
  );
  if (outcome === undefined) throw new Error(`Seed ${seed} was not simulated`);
  return outcome;
}

/** A plan that once failed. */
export interface Case {
  readonly story: string;
  readonly plan: Plan;
  /** Values of `plan.order` with which it failed: which of them still meet the moment depends on how many timers there are. */
  readonly orders?: readonly number[];
}

/** What a case violates. */
export async function simulateCase({ plan, orders = [plan.order] }: Case): Promise<readonly string[]> {
  for (const order of orders) {
    const { violations } = await simulate({ ...plan, order });
    if (violations.length > 0) return violations;
  }
  return [];
}

/** A plan that fails, and how. */
export interface Failing {
  readonly plan: Plan;
  readonly violations: readonly string[];
}

/** The smallest failing plan that is found from a seed; undefined when the seed does not fail. */
export async function shrink(seed: number): Promise<Failing | undefined> {
  const property = fc.asyncProperty(plan, async (each) => {
    const { violations } = await simulate(each);
    return violations.length === 0;
  });
  const { counterexample } = await fc.check(property, { seed, numRuns: 1, interruptAfterTimeLimit: SHRINK_MS });
  const [smallest] = counterexample ?? [];
  return smallest === undefined ? undefined : { plan: smallest, violations: (await simulate(smallest)).violations };
}
