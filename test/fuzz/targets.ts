/** What is fuzzed: a line a target. */
import type { Target } from "./target.ts";

export const TARGETS: readonly Target[] = [];
