/**
 * What is deployed: scripts, their versions, the workflows that they declare, and the tokens that may ask for them.
 * Small tables beside the journal, in the same database. Written rarely, so each verb is a transaction of its own.
 */

import type { HeaderRules, Redirects } from "../model/platform/asset-rules.ts";
import type { Role } from "../model/platform/roles.ts";
import type { Binding } from "./catalog/bindings.ts";
import type { Resources } from "./resources.ts";
import type { EventSubscriptions } from "./subscriptions.ts";

/** Static assets that a version has, and how they are served; the files are kept by the hash of their content. */
export interface ScriptAssets {
  /** By path, beginning with a slash. */
  readonly files: Readonly<Record<string, { readonly hash: string; readonly type?: string }>>;
  readonly config: {
    readonly html_handling?: string;
    readonly not_found_handling?: string;
    /** Which requests go to the script before assets are looked for: all, or those that a pattern fits; after `!`, none of those. */
    readonly run_worker_first?: boolean | readonly string[];
    readonly headers?: HeaderRules;
    readonly redirects?: Redirects;
  };
}

/** A file that a script has besides its main module. */
export interface ScriptModule {
  /** As it was uploaded, like `./1f2e-note.txt` or `lib/a.js`; imports find it by this, seen from the module that imports. */
  readonly name: string;
  readonly type: "esm" | "cjs" | "text" | "json" | "data" | "wasm";
  /** Text; of `data` and `wasm` the bytes, in base64. */
  readonly content: string;
}

/** A workflow whose class a script version says that it has. */
export interface DeclaredWorkflow {
  readonly name: string;
  readonly className: string;
  /** Absent when the version does not say: the workflow keeps what it has. */
  readonly settings?: WorkflowSettings;
  /** True when it is declared in `exports`: then code finds it in `ctx.exports`, by its class. */
  readonly isExported?: boolean;
}

/** Remarks by name, like `workers/message`. */
export type Annotations = Readonly<Record<string, string>>;

/** The code of a script as it was deployed once. Never changes. */
export interface ScriptVersion {
  readonly id: string;
  readonly script: string;
  /** Identifies code and settings, secrets aside: what has another hash is another version. */
  readonly hash: string;
  /** The main ES module; `cloudflare:*` and `node:*` imports are left in it. Empty for classes registered in process. */
  readonly code: string;
  readonly sourceMap?: string;
  /** The main module's name; `index.js` when absent. */
  readonly mainModule?: string;
  readonly modules?: readonly ScriptModule[];
  /** Names that the main module exports; absent when that is not known. */
  readonly exports?: readonly string[];
  readonly workflows?: readonly DeclaredWorkflow[];
  /** Classes whose objects are kept, bound or not: code finds their namespaces in `ctx.exports`. */
  readonly objectClasses?: readonly string[];
  readonly assets?: ScriptAssets;
  readonly annotations?: Annotations;
  /** Secret texts among them are sealed (`bindings/secrets.ts`) wherever a version is stored. */
  readonly bindings: readonly Binding[];
  readonly compatibilityDate?: string;
  readonly compatibilityFlags: readonly string[];
  readonly createdAt: number;
}

/** All of a version but its code, with its number: the versions of a script are counted from 1. */
export interface ScriptVersionInfo extends Omit<ScriptVersion, "code" | "sourceMap" | "modules"> {
  readonly number: number;
}

/** The decision that a version of a script is the one that counts from then on. The newest deployment is in force. */
export interface Deployment {
  readonly id: string;
  readonly script: string;
  readonly versionId: string;
  readonly createdAt: number;
  readonly annotations: Annotations;
}

/** A workflow to be stored, with a version that becomes its newest, and the graph of that version as JSON, if there is one. */
export interface WorkflowChange {
  readonly workflow: Workflow;
  readonly version: NewWorkflowVersion;
  readonly graph?: string;
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

/** Where Cloudflare may be told to keep the instances of a workflow. */
export const JURISDICTIONS = ["eu", "fedramp", "us"] as const;

/** What a deployment may say of a workflow. Durations are milliseconds. */
export interface WorkflowSettings {
  readonly limits?: { readonly steps?: number };
  readonly concurrency?: { readonly limit?: number };
  readonly defaultRetention?: { readonly errorMs?: number; readonly successMs?: number };
  readonly schedules?: readonly { readonly cron: string }[];
  /** Kept and given back; once a workflow has one, it stays. Here everything is in one place. */
  readonly jurisdiction?: (typeof JURISDICTIONS)[number];
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
  readonly role: Role;
  readonly createdAt: number;
}

/** Somebody with a password, of which only a salted hash is kept. */
export interface UserRecord {
  /** No two have the same. */
  readonly name: string;
  readonly role: Role;
  /** The hash, with what it was made with. */
  readonly password: string;
  readonly createdAt: number;
}

/** A slice of a longer list, and how long that is. */
export interface Slice<T> {
  readonly items: readonly T[];
  readonly total: number;
}

/** Versions by their ids. */
export interface SpareVersions {
  readonly workflowVersions: readonly string[];
  readonly scriptVersions: readonly string[];
}

/** What has changed in a catalogue: a workflow (put or removed), or a setting. */
export type CatalogChange = { readonly workflow: string } | { readonly setting: string };

export interface Catalog extends Resources, EventSubscriptions {
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

  /** Those of all workflows: `LIMITS.schedules` of them at the most. */
  schedules(): Promise<Schedule[]>;
  /** Boundaries up to `to` (epoch milliseconds) are dealt with. Never goes back; nothing happens when there is no such schedule. */
  followSchedule(workflow: string, cron: string, to: number): Promise<void>;

  /** The version of a script that serves requests now. */
  activeScript(script: string): Promise<ScriptVersion | undefined>;
  scriptNames(): Promise<string[]>;
  scriptVersion(id: string): Promise<ScriptVersion | undefined>;
  /** As `addScriptVersion`, and makes it the active one; for scripts that are not deployed, but put together by hand. */
  putScriptVersion(version: ScriptVersion): Promise<void>;
  /** Stores a version unless it is known already. Nothing points to it yet. */
  addScriptVersion(version: ScriptVersion): Promise<void>;
  scriptVersionInfo(id: string): Promise<ScriptVersionInfo | undefined>;
  /** Newest first. */
  scriptVersions(script: string, offset: number, limit: number): Promise<Slice<ScriptVersionInfo>>;
  /** A version of a script becomes the active one, and these workflows change with it: all of that, or nothing. */
  activate(deployment: Deployment, workflows: readonly WorkflowChange[]): Promise<void>;
  /** Newest first. */
  deployments(script: string, offset: number, limit: number): Promise<Slice<Deployment>>;
  /**
   * Forgets the script, its deployments and those of its versions that no workflow version points to, and deletes the
   * schedules of its workflows, all at once. The workflows stay, and the code that they point to: `scriptVersion` finds it
   * for instances under way, but it is no version of a script any more. False when there was none.
   */
  removeScript(name: string): Promise<boolean>;

  /**
   * Versions that are not among the newest `keep` of their workflow or script, and not in force: neither a workflow's
   * newest or a script's active one, nor the code of such a one. Whether instances need them, the catalogue does not know.
   */
  spareVersions(keep: number): Promise<SpareVersions>;
  /** Deletes versions, and the deployments that named them. What has come into force meanwhile stays. */
  removeVersions(versions: SpareVersions): Promise<void>;

  tokens(): Promise<TokenRecord[]>;
  putToken(token: TokenRecord): Promise<void>;
  /** False when there was none. */
  removeToken(id: string): Promise<boolean>;

  /** By name. */
  users(): Promise<UserRecord[]>;
  /** Adds a user, or replaces the one of that name. */
  putUser(user: UserRecord): Promise<void>;
  /** False when there was none. */
  removeUser(name: string): Promise<boolean>;

  /** A small document kept under a name (account settings), as JSON text. */
  setting(name: string): Promise<string | undefined>;
  putSetting(name: string, json: string): Promise<void>;
  /**
   * Replaces a setting by what `change` makes of it, with nothing in between. What `change` throws is passed on, and the
   * setting stays as it was.
   */
  changeSetting(name: string, change: (json: string | undefined) => string): Promise<void>;
}
