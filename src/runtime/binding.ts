/**
 * A workflow binding as user code knows it (`env.MY_WORKFLOW`): Cloudflare's `Workflow` and `WorkflowInstance`, noun for
 * noun. It does nothing but forward; what each verb means is said where it is answered, in `api/binding.ts`.
 */

/** Asks the engine. Handle methods have the instance's id as their first argument. */
export type Call = (method: string, args: readonly unknown[]) => Promise<unknown>;

/** Options of `create`. */
export interface CreateOptions<Params = unknown> {
  /** 1–100 characters; a random one when absent. */
  readonly id?: string;
  readonly params?: Params;
  /** How long the instance is kept once it has ended: milliseconds or a duration such as `"3 days"`. */
  readonly retention?: { readonly successRetention?: number | string; readonly errorRetention?: number | string };
  /** Accepted and ignored: there is one location. */
  readonly locationHint?: string;
}

/** What `status()` gives. */
export interface InstanceStatusReport {
  readonly status: string;
  readonly error?: { readonly name: string; readonly message: string };
  /** The JSON form of what `run` returned. */
  readonly output?: unknown;
  /** How a rollback ended; absent when there was none. */
  readonly rollback?: {
    readonly outcome: "complete" | "failed";
    readonly error: { readonly name: string; readonly message: string } | null;
  };
}

/** A handle to one instance. Rejections carry Cloudflare's text: `(instance.not_found) Instance not found`. */
export interface WorkflowInstance {
  readonly id: string;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** With `rollback`, steps that have a handler are undone first. */
  terminate(options?: { readonly rollback?: boolean }): Promise<void>;
  /** From the beginning, or keeping what had started before a step; `count` is 1 and `type` is `do` unless they are given. */
  restart(options?: {
    readonly from?: { readonly name: string; readonly count?: number; readonly type?: "do" | "sleep" | "waitForEvent" };
  }): Promise<void>;
  delete(): Promise<void>;
  status(): Promise<InstanceStatusReport>;
  /** `payload` may be anything that structured clone takes, up to 1 MiB. */
  sendEvent(event: { readonly type: string; readonly payload?: unknown }): Promise<void>;
}

/** An instance that `createBatch` could not create. */
export interface BatchError {
  readonly index: number;
  readonly id?: string;
  readonly code: number;
  readonly message: string;
}

/** A workflow, to create instances of and to find them. */
export interface Workflow<Params = unknown> {
  /** Resolves when the instance is durable. */
  create(options?: CreateOptions<Params>): Promise<WorkflowInstance>;
  /** Rejects when there is no such instance. */
  get(id: string): Promise<WorkflowInstance>;
  /** The older form: ids that are taken are passed over. */
  createBatch(batch: readonly CreateOptions<Params>[]): Promise<WorkflowInstance[]>;
  createBatch(
    batch:
      | { readonly instances: readonly CreateOptions<Params>[] }
      | ({ readonly count: number } & Omit<CreateOptions<Params>, "id">),
  ): Promise<{ created: WorkflowInstance[]; errors: BatchError[] }>;
  deleteBatch(
    ids: readonly string[],
  ): Promise<{ deleted: { id: string }[]; errors: { id: string; code: number; message: string }[] }>;
}

/** A binding that forwards to `call`. */
export function workflowBinding<Params = unknown>(call: Call): Workflow<Params> {
  const handle = (id: string): WorkflowInstance => ({
    id,
    pause: async () => void (await call("pause", [id])),
    resume: async () => void (await call("resume", [id])),
    terminate: async (options) => void (await call("terminate", [id, options])),
    restart: async (options) => void (await call("restart", [id, options])),
    delete: async () => void (await call("delete", [id])),
    status: async () => (await call("status", [id])) as InstanceStatusReport,
    sendEvent: async (event) => void (await call("sendEvent", [id, event])),
  });
  const createBatch = async (batch: unknown): Promise<never> => {
    const answer = await call("createBatch", [batch]);
    if (Array.isArray(answer)) return (answer as string[]).map(handle) as never;
    const { created, errors } = answer as { created: string[]; errors: BatchError[] };
    return { created: created.map(handle), errors } as never;
  };
  return {
    create: async (options) => handle((await call("create", [options])) as string),
    get: async (id) => handle((await call("get", [id])) as string),
    createBatch,
    deleteBatch: async (ids) => (await call("deleteBatch", [ids])) as never,
  };
}
