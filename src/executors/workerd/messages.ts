/**
 * What a host and its isolate say to one another. Batches of frames and chunks of streams cross as the codec has them, a
 * text that begins with a bracket and bytes; everything else is an object as JSON.
 */
import type { ScriptModule } from "../../ports/catalog.ts";
import type { BindingCall, CallEnd } from "../../protocol/calls.ts";

/** Host to isolate. */
export interface ToIsolate {
  readonly type: "called";
  readonly id: number;
  readonly end: CallEnd;
}

/** Isolate to host. */
export interface FromIsolate {
  readonly type: "call";
  readonly id: number;
  readonly call: BindingCall;
}

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
}

/**
 * A binding that leads out of the isolate. In the loader it becomes an entrypoint with properties that the script can
 * neither see nor change (`isolate/facades/`), in the isolate what Cloudflare's API looks like (`isolate/bindings/`).
 */
export type Facade =
  | { readonly type: "kv_namespace"; readonly id: string }
  | { readonly type: "d1"; readonly id: string }
  | { readonly type: "r2_bucket"; readonly id: string };

/** Headers between the host and the loader. None of them reaches a script or comes from one. */
export const HEADERS = {
  token: "x-stepwell-token",
  /** `leash`, `load`, `link`, `fetch`, `dispatch` or `abort`. */
  ask: "x-stepwell-ask",
  /** Which isolate. */
  host: "x-stepwell-host",
  /** Numbers a request, so that it can be aborted. */
  request: "x-stepwell-request",
  /** Scheme and host of the URL that the script is to see. */
  origin: "x-stepwell-origin",
  /** Of an answer: `answered` or `threw`. */
  end: "x-stepwell-end",
} as const;

/** Headers between those who store and the storage process. */
export const STORAGE_HEADERS = {
  /** `kv`, `d1` or `r2`; or `leash`. */
  type: "x-stepwell-storage",
  /** Which namespace, database or bucket. */
  id: "x-stepwell-storage-id",
  /** What is asked of R2, as JSON: its own header, here also for what has a body. */
  r2Request: "cf-r2-request",
  r2MetadataSize: "cf-r2-metadata-size",
  r2Error: "cf-r2-error",
  /** Of an answer: the body has to say how long it is. */
  noLength: "x-stepwell-no-length",
} as const;
