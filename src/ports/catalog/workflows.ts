/** Workflows and their versions. */
import type { Slice } from "./slice.ts";

/** Where Cloudflare can keep the instances of a workflow. */
export type Jurisdiction = "eu" | "fedramp" | "us";

/** What a deployment may say of a workflow. Durations are milliseconds. */
export interface WorkflowSettings {
  readonly limits?: { readonly steps?: number };
  readonly concurrency?: { readonly limit?: number };
  readonly defaultRetention?: { readonly errorMs?: number; readonly successMs?: number };
  readonly schedules?: readonly { readonly cron: string }[];
  /** Kept and given back; once a workflow has one, it stays. Here everything is in one place. */
  readonly jurisdiction?: Jurisdiction;
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

/** A workflow to be stored, with a version that becomes its newest, and the graph of that version as JSON, if there is one. */
export interface WorkflowChange {
  readonly workflow: Workflow;
  readonly version: NewWorkflowVersion;
  readonly graph?: string;
}

export interface Workflows {
  workflow(name: string): Promise<Workflow | undefined>;
  /** Newest first; `search` is a substring of the name. */
  workflows(query: { search?: string; offset: number; limit: number }): Promise<Slice<Workflow>>;
  /**
   * Stores the workflow (new or not) together with a version of it that becomes the newest, and the graph of that version,
   * as JSON, if there is one. The version's cron expressions become the workflow's schedules: those that it had already go
   * on from where they are, others begin at `createdAt`.
   */
  putWorkflow(workflow: Workflow, version: NewWorkflowVersion, graph?: string): Promise<void>;
  /**
   * Forgets the workflow, its versions and its schedules, and what only it still needed of removed scripts. Its instances
   * are the engine's business. False when there was none.
   */
  removeWorkflow(name: string): Promise<boolean>;
  /** Those of one script, by name. */
  workflowsOf(script: string): Promise<Workflow[]>;
  workflowVersion(id: string): Promise<WorkflowVersion | undefined>;
  /** The graph of a version, as JSON. Undefined when it has none. */
  workflowGraph(versionId: string): Promise<string | undefined>;
  /** Newest first. */
  workflowVersions(workflow: string, offset: number, limit: number): Promise<Slice<WorkflowVersion>>;
}
