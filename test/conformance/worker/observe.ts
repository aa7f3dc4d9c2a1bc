/**
 * What a workflow saw, in the order in which it saw it, over all its activations. Kept in the isolate, which workflow and
 * driver share, and not in the instance: what an instance saw before it failed, or was run again, counts as well.
 */
import { show } from "./show.ts";

/** What a scenario's `run` has at hand. */
export interface Observer {
  /** Notes values, each as it is now. */
  see(...values: unknown[]): void;
  /** Notes what a promise ends with, be it a value or an error. Never rejects. */
  caught(promise: Promise<unknown>): Promise<void>;
}

const notes: Map<string, string[]> = new Map();

/** The notes of an instance so far. */
export function seenBy(workflow: string, id: string): readonly string[] {
  return notes.get(`${workflow}/${id}`) ?? [];
}

/** An observer for an instance. */
export function observe({ workflowName, instanceId }: { workflowName: string; instanceId: string }): Observer {
  const key = `${workflowName}/${instanceId}`;
  const own = notes.get(key) ?? [];
  notes.set(key, own);
  const see = (...values: unknown[]): void => {
    for (const value of values) own.push(show(value));
  };
  return {
    see,
    caught: async (promise) => {
      try {
        see(await promise);
      } catch (error) {
        own.push(`caught ${show(error)}`);
      }
    },
  };
}
