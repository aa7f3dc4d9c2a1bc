/**
 * The loader's side of worker loaders: Workers that a script loads at run time. Each isolate of a script has its own: their names are
 * below that of the isolate, and they get nothing but what the script gives them. Requests of theirs leave as those of scripts do.
 */
import { RpcTarget, WorkerEntrypoint } from "cloudflare:workers";
import type { OwnEntrypoint } from "../../../../bindings/loader/entrypoints.ts";
import type { EntrypointChoice, SentCode, WorkerCode } from "../../../../bindings/loader/worker-loader.ts";
import { LIMITS } from "../../../../model/limits.ts";
import { settleable } from "../../../../runtime/run/settleable.ts";
import type { Entrypoint, Isolate } from "../loader/loaded.ts";
import { keptAlive } from "../script/place.ts";
import type { Entrypoints } from "./stubs.ts";

interface Env {
  readonly LOADER: { get(name: string | null, load: () => WorkerCode): Isolate };
}

/** What an isolate has loaded: names, which workerd keeps, and how many that have none are in use. */
interface Loads {
  readonly names: Set<string>;
  unnamed: number;
}

/** By isolate. */
const loads: Map<string, Loads> = new Map();

export class WorkerLoaderFacade extends WorkerEntrypoint {
  /** `getCode` is called here or not at all: a function that is kept would keep the context that it came from. */
  async load(name: string | null, getCode: () => Promise<SentCode>): Promise<LoadedWorker> {
    const { host } = this.ctx.props as { readonly host: string };
    if (name !== null && (typeof name !== "string" || name.length > LIMITS.loadedWorkerName))
      throw new TypeError(`The name of a loaded Worker has at most ${LIMITS.loadedWorkerName} characters`);
    const code = async (): Promise<WorkerCode> => completed(await getCode(), host, this.ctx.exports as Entrypoints);
    const of = loadsOf(host);
    const { LOADER } = this.env as Env;
    // Of those whose names are not kept, each use loads another one.
    if (name === null || (of.names.size >= LIMITS.loadedWorkerNames && !of.names.has(name)))
      return unnamed(of, LOADER, code, this.ctx);
    const first = of.names.has(name) ? undefined : await code();
    of.names.add(name);
    return new LoadedWorker(LOADER.get(`${host}/${name}`, () => first ?? dropped(of, name)));
  }
}

async function unnamed(
  of: Loads,
  loader: Env["LOADER"],
  code: () => Promise<WorkerCode>,
  context: { waitUntil(promise: Promise<unknown>): void },
): Promise<LoadedWorker> {
  if (of.unnamed >= LIMITS.loadedWorkersAtOnce)
    throw new Error(`At most ${LIMITS.loadedWorkersAtOnce} Workers without a name can be loaded at once`);
  of.unnamed += 1;
  const { promise: released, resolve: release } = settleable();
  // workerd disposes of nothing in a context that it has ended before.
  context.waitUntil(keptAlive(() => released).then(() => (of.unnamed -= 1)));
  try {
    const first = await code();
    return new LoadedWorker(
      loader.get(null, () => first),
      release,
    );
  } catch (cause) {
    release();
    throw cause;
  }
}

/** workerd has given up a Worker, as its code asked for (`abortIsolate`). The next use loads it anew. */
function dropped(of: Loads, name: string): never {
  of.names.delete(name);
  throw new Error("The loaded Worker has been stopped");
}

/** A loaded Worker, for one context of the script. It is disposed of when that ends. */
class LoadedWorker extends RpcTarget {
  readonly #isolate: Isolate;
  readonly #release: () => void;

  constructor(isolate: Isolate, release: () => void = () => {}) {
    super();
    this.#isolate = isolate;
    this.#release = release;
  }

  request(of: EntrypointChoice, request: Request): Promise<Response> {
    return this.#entrypoint(of).fetch(request);
  }

  call(of: EntrypointChoice, method: string, args: readonly never[]): unknown {
    return this.#entrypoint(of)[method]?.(...args);
  }

  read(of: EntrypointChoice, property: string): unknown {
    return this.#entrypoint(of)[property];
  }

  [Symbol.dispose](): void {
    this.#release();
  }

  #entrypoint({ name, options }: EntrypointChoice): Entrypoint {
    return this.#isolate.getEntrypoint(name, options);
  }
}

/** The code with the script's own entrypoints in it. */
function completed({ code, entrypoints, outbound }: SentCode, host: string, exports: Entrypoints): WorkerCode {
  const stub = (own: OwnEntrypoint): unknown => exports["EntrypointFacade"]?.({ props: { ...own, host } });
  const own = Object.entries(entrypoints).map(([name, each]) => [name, stub(each)] as const);
  return {
    ...code,
    env: { ...code.env, ...Object.fromEntries(own) },
    ...(outbound !== undefined && { globalOutbound: stub(outbound) }),
  };
}

function loadsOf(host: string): Loads {
  const known = loads.get(host) ?? { names: new Set(), unnamed: 0 };
  loads.set(host, known);
  return known;
}
