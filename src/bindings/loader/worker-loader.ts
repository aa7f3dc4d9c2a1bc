/**
 * A worker loader as user code sees it: Cloudflare's `WorkerLoader`, over a stub of the loader's. A Worker is loaded when something
 * of it is first called, and can be used as long as the request that it was asked for in.
 */
import { remote } from "../remote.ts";
import { ownEntrypoint, wantEntrypoints, type OwnEntrypoint } from "./entrypoints.ts";

/** What a Worker is loaded from: workerd's `WorkerLoaderWorkerCode`, as far as it is read here. */
export interface WorkerCode {
  readonly env?: Readonly<Record<string, unknown>>;
  readonly globalOutbound?: unknown;
  readonly tails?: readonly unknown[];
  readonly streamingTails?: readonly unknown[];
}

/** The same on the way to the loader, which puts the script's own entrypoints in. */
export interface SentCode {
  readonly code: WorkerCode;
  /** By their names in `env`. */
  readonly entrypoints: Readonly<Record<string, OwnEntrypoint>>;
  readonly outbound?: OwnEntrypoint | undefined;
}

/** An entrypoint of a loaded Worker: the default export without a name. */
export interface EntrypointChoice {
  readonly name?: string | undefined;
  readonly options?: { readonly props?: unknown; readonly limits?: unknown } | undefined;
}

/** A Worker that the loader has loaded. */
export interface RemoteWorker {
  request(of: EntrypointChoice, request: Request): Promise<Response>;
  call(of: EntrypointChoice, method: string, args: readonly unknown[]): unknown;
  read(of: EntrypointChoice, property: string): PromiseLike<unknown>;
}

/** The loader's end (`facades/workers.ts`). A call on what it gives goes along with the call that gives it. */
export interface LoaderStub {
  load(id: string | null, getCode: () => Promise<SentCode>): RemoteWorker;
}

type GetCode = () => WorkerCode | Promise<WorkerCode>;

export class WorkerLoader {
  readonly #stub: LoaderStub;

  constructor(stub: LoaderStub) {
    this.#stub = stub;
    wantEntrypoints();
  }

  /** The Worker that was loaded under this name, or a new one. Without a name it is always a new one. */
  get(name: string | null, getCode: GetCode): WorkerStub {
    return new WorkerStub(() => this.#stub.load(name, async () => sent(await getCode())));
  }

  load(code: WorkerCode): WorkerStub {
    return this.get(null, () => code);
  }
}

export class WorkerStub {
  readonly #load: () => RemoteWorker;
  #worker: RemoteWorker | undefined;

  constructor(load: () => RemoteWorker) {
    this.#load = load;
  }

  getEntrypoint(name?: string, options?: EntrypointChoice["options"]): unknown {
    const of = { name: name ?? undefined, options: options ?? undefined };
    const worker = (): RemoteWorker => (this.#worker ??= this.#load());
    return remote(
      { fetch: (input: string | Request, init?: RequestInit) => worker().request(of, new Request(input, init)) },
      (method, args) => worker().call(of, method, args),
      (property) => worker().read(of, property),
    );
  }

  getDurableObjectClass(): never {
    throw new Error("Durable Objects of a Worker that is loaded at run time are not supported by stepwell");
  }
}

function sent(code: WorkerCode): SentCode {
  const { env = {}, globalOutbound, tails = [], streamingTails = [] } = code;
  if (tails.length > 0 || streamingTails.length > 0)
    throw new Error("Tails of a Worker that is loaded at run time are not supported by stepwell");
  const outbound = ownEntrypoint(globalOutbound);
  const entrypoints = Object.entries(env).flatMap(([name, value]) => {
    const own = ownEntrypoint(value);
    return own === undefined ? [] : [[name, own] as const];
  });
  const named = Object.fromEntries(entrypoints);
  const others = Object.fromEntries(Object.entries(env).filter(([name]) => !Object.hasOwn(named, name)));
  const { globalOutbound: _outbound, ...rest } = code;
  const passedOn = outbound === undefined && globalOutbound !== undefined ? { globalOutbound } : {};
  return { code: { ...rest, ...passedOn, env: others }, entrypoints: named, outbound };
}
