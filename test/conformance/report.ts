import type { Comparison } from "./compare.ts";
import type { Scenario } from "./scenario.ts";
export function report(comparisons: readonly Comparison[], skipped: readonly Scenario[]): string {
  return String(comparisons.length + skipped.length);
}
