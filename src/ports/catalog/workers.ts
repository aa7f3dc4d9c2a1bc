/** What is kept of a script besides its versions. All of it goes with the script. */
import type { ObjectClasses } from "../../model/platform/objects.ts";

/** Settings that all versions share. They are given back as they came, and change nothing here. */
export interface ScriptSettings {
  readonly tags?: readonly string[];
  readonly logpush?: boolean;
  readonly observability?: unknown;
  readonly tail_consumers?: unknown;
  readonly subdomain?: { readonly enabled: boolean; readonly previews_enabled: boolean };
}

/** Which workflows are to be started by which events of the platform, in Cloudflare's words. */
export interface EventTrigger {
  readonly type: string;
  readonly filter?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly targets: readonly { readonly type: "workflow"; readonly script_name: string; readonly workflow_name: string }[];
}

/** A Worker that was made before it had a version. Times are epoch milliseconds. */
export interface MadeWorker {
  readonly name: string;
  readonly createdAt: number;
}

export interface Workers {
  /** None when nothing was set, whether there is such a script or not. */
  scriptSettings(script: string): Promise<ScriptSettings>;
  eventTriggers(script: string): Promise<EventTrigger[]>;
  /** The classes of a script whose Durable Objects are kept. */
  objectClasses(script: string): Promise<ObjectClasses>;
  madeWorkers(): Promise<MadeWorker[]>;
}
