/**
 * What a test has arranged for the steps of an instance. Only hosts of tests have any; the steps ask here before they do
 * the real thing, so that journal, replay and log are those of any other instance.
 */
import type { StepCallback } from "./attempt.ts";

/** The arrangements for all instances of a host. */
export interface Mocks {
  /** Those for one instance. They may change while it runs. */
  of(workflow: string, instanceId: string): InstanceMocks;
}

/** The arrangements for one instance. `count` and `attempt` are 1-based. */
export interface InstanceMocks {
  /** What to call in place of the callback of an attempt. */
  attempt(name: string, count: number, attempt: number): StepCallback | undefined;
  /** True when no time is to pass between the attempts of a step. */
  skipsDelay(name: string, count: number): boolean;
  /** True when a sleep is to end at once. */
  skipsSleep(name: string, count: number): boolean;
  /** True when a wait for an event is to time out at once. */
  timesOut(name: string, count: number): boolean;
}
