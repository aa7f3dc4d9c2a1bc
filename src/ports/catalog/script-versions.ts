/** The code of a script and what belongs to it, as it was deployed once. */
import type { HeaderRules, Redirects } from "../../model/platform/assets/rules.ts";
import type { Binding } from "./bindings.ts";
import type { WorkflowSettings } from "./workflows.ts";

/** Static assets that a version has, and how they are served; the files are kept by the hash of their content. */
export interface ScriptAssets {
  /** By path, beginning with a slash. */
  readonly files: Readonly<Record<string, { readonly hash: string; readonly type?: string }>>;
  readonly config: {
    readonly html_handling?: string;
    readonly not_found_handling?: string;
    /** Which requests go to the script before assets: all, or those that a pattern fits; after `!`, none of those. */
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
  /** Secret texts among them are sealed (`secrets.ts`) wherever a version is stored. */
  readonly bindings: readonly Binding[];
  readonly compatibilityDate?: string;
  readonly compatibilityFlags: readonly string[];
  readonly createdAt: number;
}

/** All of a version but its code, with its number: the versions of a script are counted from 1. */
export interface ScriptVersionInfo extends Omit<ScriptVersion, "code" | "sourceMap" | "modules"> {
  readonly number: number;
}
