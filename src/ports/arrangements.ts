/** What tests have arranged for instances. Only engines of tests have any. */
import type { Arrangement } from "../model/step/arrangement.ts";

export interface Arrangements {
  /** Those for one instance: the first that says something of a step holds. They may change while it runs. */
  of(workflow: string, instanceId: string): readonly Arrangement[];
}
