/**
 * What a host and its thread say to one another. Batches of frames cross as bare strings, because there are many of
 * them, and chunks of streams as they are, their bytes transferred; everything else is an object.
 */
import type { ScriptVersion } from "../../ports/catalog/script-versions.ts";
import type { LogKind, LogLevel } from "../../model/views/script-line.ts";
import type { Provisions } from "../../bindings/provisions.ts";
import type { BindingCall, CallEnd } from "../../protocol/calls.ts";
import type { ChunkFrame } from "../../protocol/frames.ts";
import type { Invocation } from "../../protocol/invocation.ts";
import type { Origin } from "../../protocol/origin.ts";
import type { EventAnswer, ScriptEvent } from "../../protocol/handlers.ts";

/** What a thread is given when it starts. */
export interface ThreadData {
  /** The folder of what the process has compiled, if it keeps that (`NODE_COMPILE_CACHE`). */
  readonly compiled: string | undefined;
  readonly code: ScriptCode;
  readonly provisions: Provisions;
  /** What requests have in `cf`. */
  readonly requestCf: Readonly<Record<string, unknown>>;
  /** In shared memory: how many `stop` frames have been sent. A thread that is busy learns of them by that. */
  readonly stops: Int32Array<SharedArrayBuffer>;
}

/** The modules of a script. */
export type ScriptCode = Pick<ScriptVersion, "code" | "mainModule" | "modules">;

/** A request as it crosses; `body` is transferred. */
export interface RequestParts {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly [string, string][];
  readonly body: ReadableStream<Uint8Array> | null;
}

/** A response as it crosses; `body` is transferred. */
export interface ResponseParts {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly [string, string][];
  readonly body: ReadableStream<Uint8Array> | null;
}

/** How a request ended: with a response, or with the name of a failure. */
export type RequestEnd =
  | { readonly kind: "answered"; readonly response: ResponseParts }
  | { readonly kind: "no_handler" }
  /** The handler threw; `message` is what the error said. */
  | { readonly kind: "threw"; readonly message: string };

/** A message that user code has written, or what it has thrown. */
export interface Said {
  readonly type: "said";
  readonly level: LogLevel;
  readonly kind: LogKind;
  readonly text: string;
  /** What it says as values, in JSON; absent where that is the text. */
  readonly values?: string;
  readonly origin?: Origin;
}

/** Host to thread. A string is a batch of `ToRuntime` frames. */
export type ToThread =
  | string
  | ChunkFrame
  | { readonly type: "ping" }
  | { readonly type: "fetch"; readonly id: number; readonly request: RequestParts }
  /** The answer is no longer awaited. */
  | { readonly type: "abort"; readonly id: number }
  | { readonly type: "dispatch"; readonly id: number; readonly event: ScriptEvent }
  | { readonly type: "called"; readonly id: number; readonly end: CallEnd };

/** Thread to host. A string is a batch of `FromRuntime` frames. */
export type FromThread =
  | string
  | ChunkFrame
  | { readonly type: "pong" }
  | { readonly type: "loaded" }
  /** The script does not load; `detail` is the error with its stack. */
  | { readonly type: "unloadable"; readonly detail: string }
  | { readonly type: "fetched"; readonly id: number; readonly end: RequestEnd }
  | { readonly type: "dispatched"; readonly id: number; readonly answer: EventAnswer }
  | { readonly type: "call"; readonly id: number; readonly call: BindingCall }
  | { readonly type: "invocation"; readonly invocation: Invocation }
  | Said;
