/**
 * `introspectWorkflowInstance` and `introspectWorkflow`, with the names, the texts and the meaning that they have in
 * `cloudflare:test`: to arrange the steps of instances before they run, and to wait for what becomes of them.
 */
import type { InstanceAddress } from "../engine/contract.ts";
import { Failure } from "../model/failures/failure.ts";
import type { InstanceEvent } from "../model/instance/events.ts";
import type { ErrorInfo } from "../model/values/error-info.ts";
import { isFinal } from "../model/instance/status.ts";
import { decode, REDACTED } from "../model/values/value.ts";
import { InstanceView } from "../model/views/fold.ts";
import type { StepSelector, WorkflowInstanceModifier } from "./modifier.ts";
import type { TestBed } from "./test-bed.ts";

/** Declares what is arranged. */
export type Modify = (modifier: WorkflowInstanceModifier) => Promise<void>;

/** One instance under the eyes of a test. It need not exist yet. */
export interface WorkflowInstanceIntrospector extends AsyncDisposable {
  /** Calls `fn` with the modifier of the instance; resolves with this introspector. */
  modify(fn: Modify): Promise<WorkflowInstanceIntrospector>;
  /**
   * Resolves with the result of a `step.do`, also when it has one already; `[REDACTED]` for a sensitive step. Rejects with
   * its error when the step fails, and when the instance ends without it.
   */
  waitForStepResult(step: StepSelector): Promise<unknown>;
  /** Resolves when the instance has this status (`queued`: at once). Rejects when it has ended in another. */
  waitForStatus(status: string): Promise<void>;
  /** What `run` returned. Rejects unless the instance is `complete`. */
  getOutput(): Promise<unknown>;
  /** What `run` threw. Rejects unless the instance is `errored`. */
  getError(): Promise<ErrorInfo>;
  /** Deletes the instance, whatever it is doing, and forgets what was arranged for it. */
  dispose(): Promise<void>;
}

/** The instances of a workflow that are created from now on. */
export interface WorkflowIntrospector extends AsyncDisposable {
  /** Calls `fn` once, with the modifier of all instances that the introspector sees. */
  modifyAll(fn: Modify): Promise<void>;
  /** An introspector for each instance created so far, in order. */
  get(): Promise<WorkflowInstanceIntrospector[]>;
  /** Deletes these instances, and ends the introspection. */
  dispose(): Promise<void>;
}

/** What is behind the bindings that `openTestStepwell` made. */
const beds = new WeakMap<object, { readonly bed: TestBed; readonly workflow: string }>();

/** Makes a binding one that can be introspected. */
export function register(binding: object, bed: TestBed, workflow: string): void {
  beds.set(binding, { bed, workflow });
}

/**
 * Introspects one instance by its id, before it is created or after.
 *
 * @param workflow a binding, out of the `env` of `openTestStepwell`.
 */
export async function introspectWorkflowInstance(workflow: object, instanceId: string): Promise<WorkflowInstanceIntrospector> {
  if (!workflow || !instanceId) throw complaint("Workflow binding and instance id are required.");
  const { bed, workflow: name } = behind(workflow);
  return introspectInstance(bed, { workflow: name, id: instanceId });
}

/**
 * Introspects all instances of a workflow that are created from now on. One such introspection a workflow at a time.
 *
 * @param workflow a binding, out of the `env` of `openTestStepwell`.
 */
export async function introspectWorkflow(workflow: object): Promise<WorkflowIntrospector> {
  if (!workflow) throw complaint("Workflow binding is required.");
  const { bed, workflow: name } = behind(workflow);
  return introspectAll(bed, name);
}

/** Introspects all instances of a workflow that are created from now on. */
export function introspectAll(bed: TestBed, name: string): WorkflowIntrospector {
  const session = bed.begin(name);
  if (session === undefined) {
    throw new Error(`Workflow "${name}" already has an active introspection session for binding "${name}".`);
  }
  const dispose = async (): Promise<void> => {
    bed.end(name, session);
    await bed.dispose(name, [...session.ids]);
    session.ids.clear();
  };
  return {
    modifyAll: (fn) => fn(session.modifier),
    get: async () => Array.from(session.ids, (id) => introspectInstance(bed, { workflow: name, id })),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** Introspects one instance. */
export function introspectInstance(bed: TestBed, address: InstanceAddress): WorkflowInstanceIntrospector {
  const dispose = (): Promise<void> => bed.dispose(address.workflow, [address.id]);
  const introspector: WorkflowInstanceIntrospector = {
    modify: async (fn) => {
      await fn(bed.modifier(address));
      return introspector;
    },
    waitForStepResult: (step) => waitForStepResult(bed, address, step),
    waitForStatus: (status) => waitForStatus(bed, address, status),
    getOutput: async () => {
      const { status, last } = await present(bed, address);
      if (last?.type === "workflow_completed") return last.output === undefined ? undefined : decode(last.output);
      throw new Error(`Cannot retrieve output: ${mustBe(status, "complete")} to have an output available`);
    },
    getError: async () => {
      const { status, last } = await present(bed, address);
      if (last?.type === "workflow_errored") return last.error;
      throw new Error(`Cannot retrieve error: ${mustBe(status, "errored")} to have error information available`);
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
  return introspector;
}

async function waitForStatus(bed: TestBed, address: InstanceAddress, expected: string): Promise<void> {
  if (expected === "queued") return;
  await bed.exists(address);
  const { view, last } = await present(bed, address);
  const reached = (): boolean => {
    const status = view.life?.status;
    if (status === undefined || status === expected) return status === expected;
    if (isFinal(status)) throw finite(address, status, `reaching the expected status of '${expected}'`);
    return false;
  };
  if (reached()) return;
  for await (const event of eventsOf(bed, address)) {
    if (event.eventId <= (last?.eventId ?? 0)) continue;
    view.add(event);
    if (reached()) return;
  }
  throw gone(address);
}

async function waitForStepResult(bed: TestBed, address: InstanceAddress, { name, index }: StepSelector): Promise<unknown> {
  const count = index === undefined || index === 0 ? 1 : index;
  await bed.exists(address);
  let error: ErrorInfo = { name: "Error", message: "Step failed" };
  let sensitive = false;
  for await (const event of eventsOf(bed, address)) {
    if (event.type === "workflow_completed" || event.type === "workflow_errored" || event.type === "workflow_terminated")
      throw finite(address, event.type.slice("workflow_".length), `finishing the step '${name}'`);
    if (!("name" in event) || event.name !== name || event.count !== count) continue;
    if (event.type === "step_started") sensitive = event.config?.sensitive !== undefined;
    if (event.type === "attempt_errored") error = event.error;
    if (event.type === "step_errored") throw Object.assign(new Error(error.message), { name: error.name });
    if (event.type === "step_completed") {
      if (event.output === undefined) return undefined;
      if (sensitive) return REDACTED;
      // Of a stream, what the log shows: its bytes are with the code that made it.
      return typeof event.output === "string" ? decode(event.output) : event.output.preview;
    }
  }
  throw gone(address);
}

async function* eventsOf(bed: TestBed, address: InstanceAddress): AsyncGenerator<InstanceEvent> {
  for await (const events of bed.engine.follow(address, bed.closed)) yield* events;
}

/** How an instance stands: `unknown` when there is none. */
async function present(
  bed: TestBed,
  address: InstanceAddress,
): Promise<{ readonly status: string; readonly view: InstanceView; readonly last: InstanceEvent | undefined }> {
  const view = new InstanceView();
  let last: InstanceEvent | undefined;
  try {
    for await (const events of bed.engine.history(address))
      for (const event of events) {
        view.add(event);
        last = event;
      }
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
  }
  return { status: view.life?.status ?? "unknown", view, last };
}

function behind(binding: object): { readonly bed: TestBed; readonly workflow: string } {
  const found = beds.get(binding);
  if (found !== undefined) return found;
  throw complaint("The Workflow binding is not one that openTestStepwell made.");
}

function mustBe(status: string, needed: string): string {
  return `Workflow instance is in status "${status}" but must be "${needed}"`;
}

function finite({ id }: InstanceAddress, status: string, what: string): Error {
  return complaint(
    `The Workflow instance ${id} has reached status '${status}'. This is a finite status that prevents it from ever ${what}.`,
  );
}

function gone({ id }: InstanceAddress): Error {
  return complaint(`The Workflow instance ${id} has been disposed of.`);
}

function complaint(message: string): Error {
  return new Error(`[WorkflowIntrospector] ${message}`);
}
