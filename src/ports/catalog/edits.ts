/** How the catalogue is changed by what was decided on it. */
import type { ObjectClasses } from "../../model/platform/objects.ts";
import type { TimetableKind } from "../timetable.ts";
import type { ConcurrencyKey } from "./concurrency.ts";
import type { Deployment } from "./deployments.ts";
import type { Resource } from "./resources.ts";
import type { ScriptVersion } from "./script-versions.ts";
import type { EventTrigger, MadeWorker, ScriptSettings } from "./workers.ts";
import type { WorkflowChange } from "./workflows.ts";

/** A part of a change. What it has several of replaces all that there was of the script, or of the account. */
export type CatalogEdit =
  /** Stored unless it is known already. Nothing points to it yet. */
  | { readonly type: "version"; readonly version: ScriptVersion }
  /** In force from now on. */
  | { readonly type: "deployment"; readonly deployment: Deployment }
  | ({ readonly type: "workflow" } & WorkflowChange)
  /** Made unless there is one with its id or name. */
  | { readonly type: "resource"; readonly resource: Resource }
  | { readonly type: "object_classes"; readonly script: string; readonly classes: ObjectClasses }
  | CronsEdit
  /** They are taken from other scripts that have them. */
  | { readonly type: "host_names"; readonly script: string; readonly hostNames: readonly string[] }
  | { readonly type: "routes"; readonly script: string; readonly patterns: readonly string[] }
  | { readonly type: "event_triggers"; readonly script: string; readonly triggers: readonly EventTrigger[] }
  | { readonly type: "script_settings"; readonly script: string; readonly settings: ScriptSettings }
  | { readonly type: "made_worker"; readonly worker: MadeWorker }
  | { readonly type: "concurrency_keys"; readonly keys: readonly ConcurrencyKey[] }
  | ScriptRemoval;

/** The expressions of an owner: those that it had already go on from where they are, others begin at `from`. */
export interface CronsEdit {
  readonly type: "crons";
  readonly kind: TimetableKind;
  readonly owner: string;
  readonly crons: readonly string[];
  /** Epoch milliseconds. */
  readonly from: number;
}

/**
 * Forgets the script with all that is kept of it, and the schedules of its workflows. The workflows stay, and the code that they
 * point to: `scriptVersion` finds it for instances under way, but it is no version of a script any more.
 */
export interface ScriptRemoval {
  readonly type: "script_removal";
  readonly script: string;
}

export interface Edits {
  /** Another number after each change of what decisions are made on. What has been followed or who may ask is no such change. */
  revision(): Promise<number>;
  /** Makes the change as a whole. False, and nothing has changed, when the revision is not the expected one any more. */
  commit(edits: readonly CatalogEdit[], expected?: number): Promise<boolean>;
}
