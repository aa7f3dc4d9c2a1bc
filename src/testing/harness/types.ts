/** The test harness as tests see it: the names and the shapes of wrangler's `createTestHarness`. */
import type { WorkflowInstanceIntrospector, WorkflowIntrospector } from "../introspection.ts";
import type { WorkerLog } from "./timeline.ts";

/** What to run. */
export interface TestHarnessOptions {
  /** Where relative paths begin; the current folder when absent. */
  readonly root?: string | undefined;
  /** The first is the primary Worker. */
  readonly workers: readonly WorkerInput[];
}

/** A Worker: a wrangler configuration file, or the configuration itself. */
export type WorkerInput =
  | {
      readonly configPath: string | URL;
      /** An environment of the configuration. */
      readonly env?: string;
      /** Taken, and without effect: the Worker is built from its sources. */
      readonly prebuiltWorkerDir?: string | URL;
      /** Replace variables of the configuration; JSON values. */
      readonly vars?: Readonly<Record<string, unknown>>;
      /** Replace what `.dev.vars` and `.env` say. */
      readonly secrets?: Readonly<Record<string, string>>;
      /** Names of Workers of the harness, by the names of service bindings that are to lead to them. */
      readonly bindingOverrides?: Readonly<Record<string, string>>;
    }
  | { readonly config: object };

/** What `fetch` takes and answers. */
export type DispatchFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

// oxlint-disable-next-line typescript/no-explicit-any -- as in wrangler's types: tests use bindings whose types they have not declared
type AnyEnv = Record<string, any>;

/** A Worker's main module, for the types of `getExport`. */
interface WorkerModule {
  readonly default: unknown;
}

type BindingName<Env> = string extends keyof Env ? string : keyof Env & string;
type ExportName<Module> = string extends keyof Module ? string : keyof Module & string;

/** What a Worker exports as `default`, called from outside: everything is a promise. */
export type Exported<Default> = Default extends abstract new (...args: never[]) => infer Instance
  ? Remote<Instance>
  : { readonly fetch: DispatchFetch };

type Remote<Instance> = {
  readonly [Key in keyof Instance]: Instance[Key] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : Promise<Awaited<Instance[Key]>>;
};

/** Which Durable Object. */
export type DurableObjectIdentifier =
  | { readonly name: string; readonly id?: never }
  | { readonly id: string; readonly name?: never };

/** One Worker of the harness. */
export interface WorkerHandle<Env = AnyEnv, Module extends WorkerModule = WorkerModule> {
  /** Calls its `fetch` handler, whatever the routes say. A relative URL is below that of `listen()`. */
  readonly fetch: DispatchFetch;
  /** Calls its `scheduled` handler. */
  scheduled(options?: {
    readonly cron?: string;
    readonly scheduledTime?: Date;
  }): Promise<{ readonly outcome: string; readonly noRetry: boolean }>;
  /** Variables, secrets and bindings, for use in the test. What cannot be used there throws when it is. */
  getEnv(): Promise<Env>;
  /** Calls of the default export: its methods, and `fetch`. */
  getExport(): Promise<Exported<Module["default"]>>;
  /** Applies the migrations of the binding's `migrations_dir` that have not been applied. */
  applyD1Migrations(bindingName: BindingName<Env>): Promise<void>;
  /** One instance by its id, before it is created or after. */
  introspectWorkflowInstance(bindingName: BindingName<Env>, instanceId: string): Promise<WorkflowInstanceIntrospector>;
  /** All instances that are created from now on. */
  introspectWorkflow(bindingName: BindingName<Env>): Promise<WorkflowIntrospector>;
  /** Rejects: not supported. */
  email(options: {
    readonly from: string;
    readonly to: string;
    readonly raw: string | ReadableStream<Uint8Array>;
  }): Promise<never>;
  /** Rejects: not supported. */
  listDurableObjectIds(classNameOrBindingName: ExportName<Module> | BindingName<Env>): Promise<never>;
  /** Rejects: not supported. */
  evictDurableObject(
    classNameOrBindingName: ExportName<Module> | BindingName<Env>,
    options: DurableObjectIdentifier & { readonly webSockets?: "close" | "hibernate" },
  ): Promise<never>;
  /** Rejects: not supported. */
  getDurableObjectStorage(
    classNameOrBindingName: ExportName<Module> | BindingName<Env>,
    options: DurableObjectIdentifier,
  ): Promise<never>;
}

/** Workers in workerd, for the tests of a project. */
export interface TestHarness {
  /** Starts them, unless they run. */
  listen(): Promise<{ readonly url: URL }>;
  /** Calls the Worker whose route fits the URL, or the primary one. A relative URL is below that of `listen()`. */
  readonly fetch: DispatchFetch;
  /** The Worker with this name, or the primary one. */
  getWorker<Env = AnyEnv, Module extends WorkerModule = WorkerModule>(name?: string): WorkerHandle<Env, Module>;
  /** What Workers have logged since the start or since `clearLogs()`. */
  getLogs(): WorkerLog[];
  clearLogs(): void;
  /** Prints what has happened since the start. */
  debug(): void;
  /** Other options: at once when Workers run, else for `listen()`. */
  update(options: TestHarnessOptions | ((current: TestHarnessOptions) => TestHarnessOptions)): Promise<void>;
  /** Starts anew, with the options of the last start and without data. The URL may change. */
  reset(): Promise<void>;
  /** Ends everything. Safe to call at any time, and more than once. */
  close(): Promise<void>;
}
