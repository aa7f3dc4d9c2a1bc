/** What `cloudflare:test` is: the functions of Cloudflare's plugin that need no workerd around the test. */
export { env } from "../runtime/cloudflare/environment.ts";
export { introspectWorkflow, introspectWorkflowInstance } from "../testing/index.ts";
export { applyD1Migrations } from "../testing/d1-migrations.ts";
export { createExecutionContext, waitOnExecutionContext } from "./context.ts";
export { createMessageBatch, getQueueResult } from "./queue.ts";
export { resetStorage as reset } from "./project.ts";
export { SELF } from "./worker.ts";

/** A controller for a `scheduled` handler. */
export interface ScheduledController {
  readonly scheduledTime: number;
  readonly cron: string;
  noRetry(): void;
}

/** Makes one; the time is now unless it is said. */
export function createScheduledController({
  scheduledTime = Date.now(),
  cron = "",
}: { readonly scheduledTime?: Date | number; readonly cron?: string } = {}): ScheduledController {
  return { scheduledTime: Number(scheduledTime), cron, noRetry: () => {} };
}

function onlyInWorkerd(name: string): () => never {
  return () => {
    throw new Error(`${name}() is not supported by stepwell/vitest: tests run outside of workerd, and Durable Objects need it`);
  };
}

export const runInDurableObject: () => never = onlyInWorkerd("runInDurableObject");
export const runDurableObjectAlarm: () => never = onlyInWorkerd("runDurableObjectAlarm");
export const listDurableObjectIds: () => never = onlyInWorkerd("listDurableObjectIds");
