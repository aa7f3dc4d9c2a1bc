/**
 * The types of a workflow binding, under Cloudflare's names and of Cloudflare's shapes (`@cloudflare/workers-types`), which
 * `test/types` holds them against.
 */
import type { InstanceStatus as Status } from "../../model/instance/status.ts";
import type { ErrorInfo } from "../../model/values/error-info.ts";
import type { RollbackOutcome } from "../../model/views/fold.ts";
import type { WorkflowInstanceSubscribeOptions, WorkflowInstanceSubscription } from "./event-types.ts";
import type { WorkflowRetentionDuration } from "../steps/step-types.ts";

export type * from "./event-types.ts";

export type WorkflowInstanceLocationHint =
  | "wnam"
  | "enam"
  | "sam"
  | "weur"
  | "eeur"
  | "apac"
  | "apac-ne"
  | "apac-se"
  | "oc"
  | "afr"
  | "me";

/** How long an instance is kept once it has ended. */
interface Retention {
  readonly successRetention?: WorkflowRetentionDuration;
  readonly errorRetention?: WorkflowRetentionDuration;
}

/** Options of `create`. */
export interface WorkflowInstanceCreateOptions<Params = unknown> {
  /** 1–100 characters; a random one when absent. */
  readonly id?: string;
  readonly params?: Params;
  readonly retention?: Retention;
  /** Accepted and ignored: there is one location. */
  readonly locationHint?: WorkflowInstanceLocationHint;
}

/** So many instances that are alike, or a list of instances; up to 100. */
export type WorkflowBatchCreateOptions<Params = unknown> =
  | (Omit<WorkflowInstanceCreateOptions<Params>, "id"> & { readonly count: number; readonly instances?: never })
  | {
      readonly instances: readonly WorkflowInstanceCreateOptions<Params>[];
      readonly count?: never;
      readonly params?: never;
      readonly retention?: never;
      readonly locationHint?: never;
    };

/** An instance that `createBatch` could not create. */
export interface BatchError {
  /** Its place in what was asked for. */
  readonly index: number;
  readonly id?: string;
  readonly code: number;
  readonly message: string;
}

export interface WorkflowBatchCreateResult {
  created: WorkflowInstance[];
  errors: BatchError[];
}

/** One entry in one of the lists for each id. */
export interface WorkflowBatchDeleteResult {
  deleted: { id: string }[];
  errors: { id: string; code: number; message: string }[];
}

/** What `status()` gives. */
export interface InstanceStatus {
  readonly status: Status | "unknown";
  readonly error?: ErrorInfo;
  /** The JSON form of what `run` returned. */
  readonly output?: unknown;
  /** How a rollback ended; absent when there was none. */
  readonly rollback?: RollbackOutcome;
}

export interface WorkflowInstanceTerminateOptions {
  /** Steps that have a handler are undone first. */
  readonly rollback?: boolean;
}

export interface WorkflowInstanceRestartOptions {
  /** Keeps what had started before this step; `count` is 1 and `type` is `do` unless they are given. */
  readonly from?: { readonly name: string; readonly count?: number; readonly type?: "do" | "sleep" | "waitForEvent" };
}

/** A handle to one instance. Rejections carry Cloudflare's text: `(instance.not_found) Instance not found`. */
export interface WorkflowInstance {
  readonly id: string;
  pause(): Promise<void>;
  resume(): Promise<void>;
  terminate(options?: WorkflowInstanceTerminateOptions): Promise<void>;
  restart(options?: WorkflowInstanceRestartOptions): Promise<void>;
  delete(): Promise<void>;
  status(): Promise<InstanceStatus>;
  /** `payload` may be anything that structured clone takes, up to 1 MiB. */
  sendEvent(event: { readonly type: string; readonly payload?: unknown }): Promise<void>;
  /** Follows the instance from its first event on, or after a cursor; also one that has ended, as long as it is kept. */
  subscribe(options?: WorkflowInstanceSubscribeOptions): Promise<WorkflowInstanceSubscription>;
}

/** A workflow, to create instances of and to find them. */
export interface Workflow<Params = unknown> {
  /** Resolves when the instance is durable. */
  create(options?: WorkflowInstanceCreateOptions<Params>): Promise<WorkflowInstance>;
  /** Rejects when there is no such instance. */
  get(id: string): Promise<WorkflowInstance>;
  createBatch(options: WorkflowBatchCreateOptions<Params>): Promise<WorkflowBatchCreateResult>;
  /**
   * Ids that are taken are passed over.
   *
   * @deprecated Use the form with an object.
   */
  createBatch(batch: readonly WorkflowInstanceCreateOptions<Params>[]): Promise<WorkflowInstance[]>;
  deleteBatch(ids: readonly string[]): Promise<WorkflowBatchDeleteResult>;
}
