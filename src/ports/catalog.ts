/**
 * What is deployed: scripts, their versions, the workflows that they declare, and the tokens that may ask for them.
 * Small tables beside the journal, in the same database. Written rarely, so each verb is a transaction of its own.
 */

/** A value that a script finds in `env`. */
export type Binding =
  | { readonly type: "plain_text"; readonly name: string; readonly text: string }
  | { readonly type: "secret_text"; readonly name: string; readonly text: string }
  | { readonly type: "json"; readonly name: string; readonly json: unknown }
  | { readonly type: "workflow"; readonly name: string; readonly workflow: string };

/** The code of a script as it was deployed once. Never changes. */
export interface ScriptVersion {
  readonly id: string;
  readonly script: string;
  /** Identifies code and settings: a deployment of the same content is the same version. */
  readonly hash: string;
  /** One ES module; `cloudflare:*` and `node:*` imports are left in it. Empty for classes registered in process. */
  readonly code: string;
  readonly sourceMap?: string;
  readonly bindings: readonly Binding[];
  readonly compatibilityDate?: string;
  readonly compatibilityFlags: readonly string[];
  readonly createdAt: number;
}

/** A version of a workflow: a class in a script version, and its settings. Instances are pinned to one. */
export interface WorkflowVersion {
  readonly id: string;
  readonly workflow: string;
  readonly className: string;
  readonly scriptVersionId: string;
  readonly createdAt: number;
  readonly settings: WorkflowSettings;
  /** True when a graph could be drawn from the class's code: there is a `workflowGraph`. */
  readonly hasGraph: boolean;
}

/** As it is deployed; its graph is handed over beside it. */
export type NewWorkflowVersion = Omit<WorkflowVersion, "hasGraph">;

/** What a deployment may say of a workflow. Durations are milliseconds. */
export interface WorkflowSettings {
  readonly limits?: { readonly steps?: number };
  readonly concurrency?: { readonly limit?: number };
  readonly defaultRetention?: { readonly errorMs?: number; readonly successMs?: number };
  readonly schedules?: readonly { readonly cron: string }[];
}

/** A workflow by name, and the version that new instances get. */
export interface Workflow {
  readonly id: string;
  readonly name: string;
  readonly className: string;
  readonly script: string;
  readonly versionId: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

/** A cron expression that a workflow's newest version has, and how far it has been followed. */
export interface Schedule {
  readonly workflow: string;
  readonly cron: string;
  /** Epoch milliseconds: boundaries up to here are dealt with, or were before the expression was deployed. */
  readonly followedTo: number;
}

/** A token, of which only a hash is kept. */
export interface TokenRecord {
  readonly id: string;
  readonly label: string;
  /** SHA-256 of the token, hexadecimal. */
  readonly hash: string;
  readonly createdAt: number;
}

/** A slice of a longer list, and how long that is. */
export interface Slice<T> {
  readonly items: readonly T[];
  readonly total: number;
}

/** What has changed in a catalogue: a workflow (put or removed), or a setting. */
export type CatalogChange = { readonly workflow: string } | { readonly setting: string };

export interface Catalog {
  /** Calls `notice` after each change that is durable, for as long as the catalogue is open. */
  watch(notice: (change: CatalogChange) => void): void;
  workflow(name: string): Promise<Workflow | undefined>;
  /** Newest first; `search` is a substring of the name. */
  workflows(query: { search?: string; offset: number; limit: number }): Promise<Slice<Workflow>>;
  /**
   * Stores the workflow (new or not) together with a version of it that becomes the newest, and the graph of that version,
   * as JSON, if there is one. The version's cron expressions become the workflow's schedules: those that it had already go
   * on from where they are, others begin at `createdAt`.
   */
  putWorkflow(workflow: Workflow, version: NewWorkflowVersion, graph?: string): Promise<void>;
  /** Forgets the workflow, its versions and its schedules. Its instances are the engine's business. False when there was none. */
  removeWorkflow(name: string): Promise<boolean>;
  workflowVersion(id: string): Promise<WorkflowVersion | undefined>;
  /** The graph of a version, as JSON. Undefined when it has none. */
  workflowGraph(versionId: string): Promise<string | undefined>;
  /** Newest first. */
  workflowVersions(workflow: string, offset: number, limit: number): Promise<Slice<WorkflowVersion>>;

  /** Those of all workflows: `LIMITS.schedules` of them at the most. */
  schedules(): Promise<Schedule[]>;
  /** Boundaries up to `to` (epoch milliseconds) are dealt with. Never goes back; nothing happens when there is no such schedule. */
  followSchedule(workflow: string, cron: string, to: number): Promise<void>;

  /** The version of a script that serves requests now. */
  activeScript(script: string): Promise<ScriptVersion | undefined>;
  scriptNames(): Promise<string[]>;
  scriptVersion(id: string): Promise<ScriptVersion | undefined>;
  /** Stores a version unless it is known already, and makes it the active one. */
  putScriptVersion(version: ScriptVersion): Promise<void>;

  tokens(): Promise<TokenRecord[]>;
  putToken(token: TokenRecord): Promise<void>;
  /** False when there was none. */
  removeToken(id: string): Promise<boolean>;

  /** A small document kept under a name (account settings), as JSON text. */
  setting(name: string): Promise<string | undefined>;
  putSetting(name: string, json: string): Promise<void>;
  /**
   * Replaces a setting by what `change` makes of it, with nothing in between. What `change` throws is passed on, and the
   * setting stays as it was.
   */
  changeSetting(name: string, change: (json: string | undefined) => string): Promise<void>;
}
