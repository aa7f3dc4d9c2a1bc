/**
 * Our types against Cloudflare's own (`@cloudflare/workers-types`): what compiles here is the test, and `npm run check`
 * compiles it. Nothing runs.
 */
import type * as Theirs from "cloudflare:workers";
import { WorkflowEntrypoint as TheirEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import { WorkflowEntrypoint as OurEntrypoint } from "../../src/runtime/cloudflare/workers.ts";
import type * as Binding from "../../src/runtime/bindings/workflow-types.ts";
import type { WorkflowClass } from "../../src/runtime/run/runtime.ts";
import type * as Ours from "../../src/runtime/steps/step-types.ts";

/** Compiles when an A can be given where a B is asked for. */
type Fits<A extends B, B> = A;

/** Compiles when each can be given for the other. */
type Same<A extends C, B extends A, C = B> = [A, B, C];

interface Order {
  readonly id: string;
}

// Names that are types of plain values mean the same.
export type Values = [
  Same<Ours.WorkflowDurationLabel, Theirs.WorkflowDurationLabel>,
  Same<Ours.WorkflowSleepDuration, Theirs.WorkflowSleepDuration>,
  Same<Ours.WorkflowDelayDuration, Theirs.WorkflowDelayDuration>,
  Same<Ours.WorkflowTimeoutDuration, Theirs.WorkflowTimeoutDuration>,
  Same<Ours.WorkflowRetentionDuration, Theirs.WorkflowRetentionDuration>,
  Same<Ours.WorkflowBackoff, Theirs.WorkflowBackoff>,
  Same<Ours.WorkflowStepSensitivity, Theirs.WorkflowStepSensitivity>,
  Same<Ours.WorkflowCronSchedule, Theirs.WorkflowCronSchedule>,
  Same<Ours.WorkflowEvent<Order>, Theirs.WorkflowEvent<Order>>,
  Same<Ours.WorkflowStepEvent<Order>, Theirs.WorkflowStepEvent<Order>>,
  Same<Binding.WorkflowInstanceLocationHint, WorkflowInstanceLocationHint>,
  Same<Binding.WorkflowInstanceCreateOptions<Order>, WorkflowInstanceCreateOptions<Order>>,
  Same<Binding.WorkflowInstanceTerminateOptions, WorkflowInstanceTerminateOptions>,
  Same<Binding.WorkflowInstanceRestartOptions, WorkflowInstanceRestartOptions>,
  Same<Binding.InstanceStatus, InstanceStatus>,
  Same<Binding.InstanceStatus["status"], "rollingBack" | "unknown" | InstanceStatus["status"]>,
  Same<Binding.WorkflowBatchDeleteResult, WorkflowBatchDeleteResult>,
  Same<Binding.WorkflowInstanceEvent, WorkflowInstanceEvent>,
  Same<Binding.WorkflowInstanceEventType, WorkflowInstanceEventType>,
  Same<Binding.WorkflowInstanceSubscribeOptions, WorkflowInstanceSubscribeOptions>,
  Same<Binding.WorkflowInstanceSubscription, WorkflowInstanceSubscription>,
];

// What user code is given may be more than it expects; what it gives may be what Cloudflare's types let it give.
export type GivenAndTaken = [
  Fits<Ours.WorkflowStepContext, Theirs.WorkflowStepContext>,
  Fits<Ours.WorkflowStepContext<Ours.WorkflowDelayFunction>, Theirs.WorkflowStepContext<Theirs.WorkflowDelayFunction>>,
  Fits<Ours.WorkflowDynamicDelayContext, Theirs.WorkflowDynamicDelayContext>,
  Fits<Ours.WorkflowRollbackContext<Order>, Theirs.WorkflowRollbackContext<Order>>,
  Fits<Theirs.WorkflowDelayFunction, Ours.WorkflowDelayFunction>,
  Fits<Theirs.WorkflowStepConfig, Ours.WorkflowStepConfig>,
  Fits<Theirs.WorkflowStepRollbackConfig, Ours.WorkflowStepRollbackConfig>,
  Fits<Theirs.WorkflowRollbackHandler<Order>, Ours.WorkflowRollbackHandler<Order>>,
  Fits<Theirs.WorkflowStepRollbackOptions<Order>, Ours.WorkflowStepRollbackOptions<Order>>,
  Fits<WorkflowBatchCreateOptions<Order>, Binding.WorkflowBatchCreateOptions<Order>>,
  Fits<Ours.WorkflowStep, Theirs.WorkflowStep>,
];

// A class that was written for Cloudflare is taken as it is, and one of ours, too.
class ForCloudflare extends TheirEntrypoint<{ readonly KEY: string }, Order> {
  override async run(event: Readonly<WorkflowEvent<Order>>, step: WorkflowStep): Promise<string> {
    return step.do("a", async () => event.payload.id + this.env.KEY);
  }
}

class ForUs extends OurEntrypoint<{ readonly KEY: string }, Order> {
  override async run(event: Ours.WorkflowEvent<Order>, step: Ours.WorkflowStep): Promise<string> {
    return step.do("a", () => event.payload.id + this.env.KEY);
  }
}

/** What `openStepwell` takes as `workflows`, whose own sources need Node's types, which do not go together with Cloudflare's. */
export const workflows: Readonly<Record<string, WorkflowClass>> = { a: ForCloudflare, b: ForUs };

export async function uses(ours: Binding.Workflow<Order>): Promise<void> {
  const theirs: Workflow<Order> = ours;
  const instance = await theirs.create({ id: "1", params: { id: "1" }, retention: { successRetention: "3 days" } });
  const { status }: InstanceStatus = await instance.status();
  if (status === "rollingBack" || status === "unknown") return;
  await instance.restart({ from: { name: "a", count: 2, type: "do" } });
  const subscription = await instance.subscribe({ cursor: 5, filter: ["step_completed"] });
  const { done, value } = await subscription.next();
  if (done !== true && value.type === "step_completed") void [value.stepName, value.output];
  subscription[Symbol.dispose]();
  const { created, errors } = await ours.createBatch({ count: 3, params: { id: "2" } });
  const list: Binding.WorkflowInstance[] = await ours.createBatch([{ id: "1" }]);
  await ours.createBatch({ instances: [{ id: "1", locationHint: "weur" }] });
  await ours.deleteBatch([...created, ...list].map(({ id }) => id).concat(errors.map(({ id = "" }) => id)));
  // @ts-expect-error Either so many, or these: the two forms exclude each other.
  await ours.createBatch({ count: 3, instances: [{ id: "1" }] });
}

// Overloads of `do` infer the same with both.
export async function steps(ours: Ours.WorkflowStep, theirs: Theirs.WorkflowStep): Promise<void> {
  const number = async (): Promise<number> => 1;
  const plain: [number, number] = [await ours.do("a", number), await theirs.do("a", number)];
  const fixed = {
    retries: { limit: 1, delay: "1 second", backoff: "linear" },
    timeout: "1 minute",
    sensitive: "output",
  } as const;
  await ours.do("b", fixed, async ({ config }) => config.retries?.delay ?? 0);
  await theirs.do("b", fixed, async ({ config }) => config.retries?.delay ?? 0);
  const computed: Theirs.WorkflowDelayFunction = async ({ ctx, error }) => ctx.attempt * error.message.length;
  await ours.do("c", { retries: { limit: 1, delay: computed } }, async ({ attempt }) => attempt);
  // @ts-expect-error A delay that a function computes is not in the context.
  await ours.do("c", { retries: { limit: 1, delay: computed } }, async ({ config }) => config.retries?.delay);
  await ours.do("d", number, { rollback: async ({ output = 0, ctx }) => void [output.toFixed(), ctx.step.name] });
  await ours.do("e", fixed, number, { rollback: async ({ output = 0 }) => void output.toFixed(), rollbackConfig: fixed });
  // @ts-expect-error The output that a handler gets has the type that the step returns.
  await ours.do("e", number, { rollback: async ({ output }) => void output?.trim() });
  await ours.do<Order>("f", async () => ({ id: "1" }));
  await ours.sleep("g", "2 hours");
  // @ts-expect-error An unknown unit.
  await ours.sleep("g", "2 h");
  await ours.sleepUntil("h", new Date(0));
  const event = await ours.waitForEvent<Order>("i", { type: "order", timeout: "1 day" });
  const same: Theirs.WorkflowStepEvent<Order> = event;
  void [plain, same];
}

// The guard sees a planted breach.
// @ts-expect-error Not every status is a text that we give.
export type Breach = Fits<string, Binding.InstanceStatus["status"]>;
