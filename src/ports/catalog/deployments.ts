/** Scripts, their versions, and which of them is in force. */
import type { Annotations, ScriptVersion, ScriptVersionInfo } from "./script-versions.ts";
import type { Slice } from "./slice.ts";

/** The decision that a version of a script is the one that counts from then on. The newest deployment is in force. */
export interface Deployment {
  readonly id: string;
  readonly script: string;
  readonly versionId: string;
  readonly createdAt: number;
  readonly annotations: Annotations;
}

/** Versions by their ids. */
export interface SpareVersions {
  readonly workflowVersions: readonly string[];
  readonly scriptVersions: readonly string[];
}

export interface Deployments {
  /** The version of a script that serves requests now. */
  activeScript(script: string): Promise<ScriptVersion | undefined>;
  scriptNames(): Promise<string[]>;
  scriptVersion(id: string): Promise<ScriptVersion | undefined>;
  /** Stores a version unless it is known, and makes it the active one; for scripts that are put together without a deployment. */
  putScriptVersion(version: ScriptVersion): Promise<void>;
  scriptVersionInfo(id: string): Promise<ScriptVersionInfo | undefined>;
  /** Newest first. */
  scriptVersions(script: string, offset: number, limit: number): Promise<Slice<ScriptVersionInfo>>;
  /** Newest first. */
  deployments(script: string, offset: number, limit: number): Promise<Slice<Deployment>>;
  /**
   * Versions that are not among the newest `keep` of their workflow or script, and not in force: neither a workflow's
   * newest or a script's active one, nor the code of such a one. Whether instances need them, the catalogue does not know.
   */
  spareVersions(keep: number): Promise<SpareVersions>;
  /** Deletes versions, and the deployments that named them. What has come into force meanwhile stays. */
  removeVersions(versions: SpareVersions): Promise<void>;
}
