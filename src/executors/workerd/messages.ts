/**
 * What a host and its isolate say to one another. Batches of frames and chunks of streams cross as the codec has them, a
 * text that begins with a bracket and bytes; everything else is an object as JSON.
 */
import type { ScriptModule } from "../../ports/catalog/script-versions.ts";
import type { Provided } from "../../bindings/made.ts";
import type { Provision } from "../../bindings/kind.ts";
import type { ObjectName } from "../../bindings/objects/headers.ts";
import type { BindingCall, CallEnd } from "../../protocol/calls.ts";
import type { Incident } from "./output/incidents.ts";

/** What an isolate says of its runs. */
export interface Contexts {
  /** How many have a context. */
  readonly open: number;
  /** How many have begun, ever. */
  readonly begun: number;
}

/** Host to isolate. */
export type ToIsolate =
  | { readonly type: "called"; readonly id: number; readonly end: CallEnd }
  /** Answers `why`; without an incident when workerd has written none. */
  | { readonly type: "because"; readonly reference: string; readonly incident?: Incident | undefined }
  /** Answered in kind, through the loop of the isolate's link. */
  | { readonly type: "beat" }
  /** Whether invocations in the isolate are reported. */
  | { readonly type: "follow"; readonly isFollowed: boolean }
  /** Answers `lost`: workerd still has the isolate. */
  | { readonly type: "kept" };

/** An isolate reports its run contexts unasked after so many have begun or ended. */
export const UNREPORTED = 64;

/** Isolate to host. */
export type FromIsolate =
  | { readonly type: "call"; readonly id: number; readonly call: BindingCall }
  /** A request has failed, and there is a reference to the reason. */
  | { readonly type: "why"; readonly reference: string }
  /** Answers `beat`; said unasked when what it says of the contexts of runs has changed. */
  | { readonly type: "beat"; readonly contexts: Contexts }
  /** The context of a run has ended by itself. Perhaps the isolate has ended with it. */
  | { readonly type: "lost" };

/** What is said of a script that has been loaded. */
export interface Loaded {
  /** Whether runs can be ended: without it, the isolate is not to be used. */
  readonly canCut: boolean;
  readonly hasFetch: boolean;
}

/** A module as it crosses: bytes are in base64. */
export type SentModule = Omit<ScriptModule, "name">;

/** What a script is loaded from, in the words of workerd's worker loader, modules aside. */
export interface Loading {
  readonly worker: {
    readonly compatibilityDate: string;
    readonly compatibilityFlags: readonly string[];
    readonly mainModule: string;
    /** By name. */
    readonly modules: Readonly<Record<string, SentModule>>;
    readonly env: Readonly<Record<string, unknown>>;
  };
  /** What the loader is to put into `env` besides, by the names of the bindings. */
  readonly facades: Readonly<Record<string, Facade>>;
  readonly assets?: LoadingAssets;
}

/** Static assets of a script, for the loader to serve. */
export interface LoadingAssets {
  /** The code of Cloudflare's own Worker for them. */
  readonly module: string;
  /** In its binary form, in base64. */
  readonly manifest: string;
  /** Content types by the hash of the content. */
  readonly types: Readonly<Record<string, string>>;
  readonly workerFirst: boolean | readonly string[];
  /** Whether there is code besides, for what is no asset. */
  readonly hasWorker: boolean;
  readonly config: object;
}

/**
 * A binding that leads out of the isolate: an entrypoint of the loader (`isolate/facades/`), by the name of its class, with
 * properties that the script can neither see nor change.
 */
export type Facade = Pick<Extract<Provision, { readonly is: "stub" }>, "facade" | "props">;

/** What an isolate is completed with before the user's code is read. It stands in a module that user code can read. */
export interface Prepared {
  /** Marks what the script writes to the console. */
  readonly key: string;
  /** The objects in `env`, by name. */
  readonly objects: Readonly<Record<string, Provided>>;
  /** Classes whose objects in `env` (`exportedName`) are moved to `ctx.exports`. */
  readonly exported: readonly string[];
}

/** What the loader asks. */
export type Question =
  /** Which isolate has the active version of a script. */
  | { readonly ask: "callee"; readonly script: string }
  /** The same, and which namespace the objects of one of its classes are in. */
  | { readonly ask: "object"; readonly script: string; readonly className: string }
  /** The same, and which of its classes has a namespace by now. */
  | { readonly ask: "class"; readonly script: string; readonly namespace: string }
  /** None: workerd no longer has an isolate. */
  | { readonly ask: "gone"; readonly host: string };

/** The answer to each question. */
export interface Answers {
  readonly callee: { readonly host: string };
  readonly object: { readonly host: string; readonly namespace: string };
  readonly class: { readonly host: string; readonly className: string };
  readonly gone: object;
}

/** As `Answers`, by the question. */
export type AnswerFor<Q extends Question> = Answers[Q["ask"]];

/** What the user's class of an object is started with. Facets that user code makes have no alarms. */
export interface ObjectProps extends ObjectName {
  readonly className: string;
  readonly alarms?: ObjectAlarms;
}

/** The alarm of one object. */
export interface ObjectAlarms {
  set(at: number): Promise<void>;
  get(): Promise<number | null>;
  clear(): Promise<void>;
}

/** Loader to host. */
export interface FromLoader {
  readonly id: number;
  readonly question: Question;
}

/** Host to loader. */
export interface ToLoader {
  readonly id: number;
  readonly end:
    | { readonly kind: "answered"; readonly answer: AnswerFor<Question> }
    | { readonly kind: "refused"; readonly message: string };
}

/** Headers between the host and the loader. None of them reaches a script or comes from one. */
export const HEADERS = {
  token: "x-stepwell-token",
  /** `lifeline`, `load`, `look`, `link`, `fetch`, `dispatch` or `abort`. */
  ask: "x-stepwell-ask",
  /** Which isolate. */
  host: "x-stepwell-host",
  /** Numbers a request, so that it can be aborted. */
  request: "x-stepwell-request",
  /** Present when the invocation is reported, under the number of the request. */
  follow: "x-stepwell-follow",
  /** Scheme and host of the URL that the script is to see. */
  origin: "x-stepwell-origin",
  /** Of an answer: `answered` or `threw`. */
  end: "x-stepwell-end",
} as const;

/** Headers between clients of storage and the storage process. */
export const STORAGE_HEADERS = {
  /** `kv`, `d1` or `r2`; or `lifeline`. */
  type: "x-stepwell-storage",
  /** Which namespace, database or bucket. */
  id: "x-stepwell-storage-id",
} as const;
