/** As much of workerd's own modules and globals as the code in the isolates uses. Its types and Node's cannot be had at once. */

declare module "cloudflare:workers" {
  import type { IsolateContext } from "./script/place.ts";

  export class WorkerEntrypoint {
    constructor(context: never, env: never);
    readonly ctx: IsolateContext;
    readonly env: unknown;
  }
  /** What is called by reference when it crosses to another Worker. */
  export class RpcTarget {}
  /** What a facet is started with. */
  export interface FacetStart {
    readonly class: unknown;
    readonly id?: unknown;
  }
  export interface Facets {
    get(name: string, start: () => FacetStart | Promise<FacetStart>): unknown;
    abort(name: string, reason: unknown): void;
    delete(name: string): void;
    clone(source: string, name: string): void;
  }
  /** What workerd gives to an object. */
  export interface ObjectState {
    readonly id: { toString(): string };
    readonly props: unknown;
    readonly exports: unknown;
    readonly storage: {
      setAlarm(at: number): Promise<void>;
      getAlarm(): Promise<number | null>;
      deleteAlarm(): Promise<void>;
      readonly kv: { get(key: string): unknown; put(key: string, value: unknown): void };
    };
    readonly facets: Facets;
  }
  export class DurableObject {
    constructor(state: ObjectState, env: unknown);
    readonly ctx: ObjectState;
    readonly env: unknown;
  }
  export const env: Record<string, unknown>;
  /**
   * In the loader it ends the process, in the workerd that is published. In a script that the loader has loaded it ends what
   * calls it, and makes the loader forget the isolate; what else is under way there goes on.
   */
  export function abortIsolate(reason: string): never;
}

declare module "cloudflare:workflows" {
  export class NonRetryableError extends Error {}
}

declare module "cloudflare:sockets" {
  export interface Socket {
    readonly opened: Promise<{ readonly localAddress?: string }>;
    readonly closed: Promise<void>;
    readonly readable: ReadableStream;
    readonly writable: WritableStream;
    close(): Promise<void>;
    /** Of a socket that was opened with `secureTransport: "starttls"`; takes its place. */
    startTls(options: { readonly expectedServerHostname: string }): Socket;
  }
  export function connect(address: string): Socket;
}

declare const WebSocketPair: new () => { readonly [end in 0 | 1]: import("./script/link.ts").Socket };
declare const FixedLengthStream: new (length: number) => TransformStream<Uint8Array, Uint8Array>;
declare const IdentityTransformStream: new () => TransformStream<Uint8Array, Uint8Array>;

/** The Cache API. */
declare const caches: { readonly default: object };
