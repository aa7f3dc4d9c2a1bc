/** Every scenario, in the order in which the busy ones run. */
import type { Scenario } from "../trial.ts";
import { calls } from "./calls.ts";
import { create } from "./create.ts";
import { deploys } from "./deploys.ts";
import { commits, kills, quietCommits } from "./faults.ts";
import { running } from "./running.ts";
import { steps } from "./steps.ts";

export const SCENARIOS: readonly Scenario[] = [
  deploys("workerd"),
  deploys("node"),
  quietCommits("workerd"),
  quietCommits("node"),
  running("workerd"),
  running("node"),
  steps("workerd"),
  steps("node"),
  calls("workerd"),
  calls("node"),
  commits("workerd"),
  commits("node"),
  kills("workerd"),
  kills("node"),
  create("workerd"),
  create("node"),
];
