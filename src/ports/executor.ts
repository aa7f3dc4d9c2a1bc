/**
 * What the engine needs of a place where user code runs. An executor opens hosts; a host is one isolate (a thread, a
 * process, or this very process) with one script version loaded, and speaks the frames of `protocol/frames.ts`.
 */
import type { BindingCall } from "../protocol/calls.ts";
import type { FromRuntime, ToRuntime } from "../protocol/frames.ts";
import type { EventEnd, ScriptEvent } from "../protocol/handlers.ts";
import type { ScriptVersion } from "./catalog/script-versions.ts";
import type { Binding } from "./catalog/bindings.ts";

/**
 * Why a host is gone. `closed` was asked for; the others take the host's instances with them, to be replayed. `isShared` is
 * true when code of other hosts may have been the cause: that of its process. `silentMs` is how long it did not answer.
 */
export type HostEnd =
  | { readonly kind: "closed" }
  | { readonly kind: "died"; readonly detail: string; readonly isShared?: boolean }
  | { readonly kind: "hung"; readonly silentMs: number; readonly isShared?: boolean };

export interface Host {
  /** Hands over frames, in order. A no-op once the host has ended. */
  send(frames: readonly ToRuntime[]): void;
  /** Who is to get the frames that come back, in order. Set once, before the first `send`. */
  onFrames(handler: (frames: readonly FromRuntime[]) => void): void;
  /**
   * Calls the script's own `fetch` handler. Rejects with `Failure("script.no_fetch_handler")` when it has none. A request to
   * upgrade may be answered with an `Upgraded`; an executor that cannot rejects with `script.no_sockets`. `over` is called once
   * the answer has been passed on whole, or will be no further; it is not called when the promise rejects.
   */
  fetch(request: Request, over?: () => void): Promise<Response>;
  /**
   * Calls another of the script's handlers, and answers how that ended. Rejects with `Failure("script.no_handler")` when it
   * has none of this name, and with `Failure("script.unavailable")` when the host ends first.
   */
  dispatch(event: ScriptEvent): Promise<EventEnd>;
  /** Resolves when the host has ended, for whatever reason; never rejects. */
  readonly ended: Promise<HostEnd>;
  /**
   * Resolves when what comes next should go to another host of the version, and this one be closed once it has nothing to do.
   * Absent where an executor never asks for that.
   */
  readonly leaving?: Promise<void>;
  /** True while its process is so short of memory that waiting runs should leave it. Absent where that is not known. */
  readonly isTight?: boolean;
  /**
   * Room for one more run: undefined when there is some at once, else a promise that resolves when there is, or when the host has
   * ended. Absent where there always is some.
   */
  room?(): Promise<void> | undefined;
  /** Ends it. User code still running in it is cut off. */
  close(): Promise<void>;
}

/**
 * Answers a binding call with an encoded value; rejects with a `Failure` whose text user code may see. `binding` is the one
 * that the call has come by; absent where classes run without a deployment.
 */
export type BindingHandler = (call: BindingCall, binding?: Binding) => Promise<string>;

/** A script that another one calls. */
export interface Callee {
  /** The active one, its secrets in the clear. */
  readonly version: ScriptVersion;
  /** Namespaces of its Durable Objects, by class. */
  readonly objects: Readonly<Record<string, string>>;
  /** Answers what its code asks of its bindings, until `host` aborts. */
  readonly bindings: (host: AbortSignal) => BindingHandler;
}

/** Finds the active version of a script, for executors whose scripts call one another. Undefined for an unknown script. */
export type FindCallee = (script: string) => Promise<Callee | undefined>;

export interface Executor {
  /** A name for logs and figures, like `node`. */
  readonly name: string;
  /** Loads a script version. Rejects with `Failure("script.invalid")` when the code does not load. */
  open(version: ScriptVersion, bindings: BindingHandler): Promise<Host>;
  close(): Promise<void>;
}
