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

/** What an isolate has loaded. */
interface Loads {
  /** workerd's names of Workers by those that the script uses. */
  readonly names: Map<string, string>;
  /** Names whose code is on its way. */
  pending: number;
  /** Workers that did not start: workerd keeps them under their names, too. */
  failed: number;
  /** How many without a name are in use. */
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
    if (name === null || (isFull(of) && !of.names.has(name))) return unnamed(of, LOADER, code, this.ctx);
    return new LoadedWorker(await named(of, name, host, LOADER, code));
  }
}

function isFull({ names, pending, failed }: Loads): boolean {
  return names.size + pending + failed >= LIMITS.loadedWorkerNames;
}

async function named(
  of: Loads,
  name: string,
  host: string,
  loader: Env["LOADER"],
  code: () => Promise<WorkerCode>,
): Promise<Isolate> {
  const known = of.names.get(name);
  if (known !== undefined) return loader.get(known, () => dropped(of, name));
  of.pending += 1;
  const first = await code().finally(() => (of.pending -= 1));
  // The number makes it another name than that of one which did not start.
  const key = of.names.get(name) ?? `${host}/${of.failed}/${name}`;
  of.names.set(name, key);
  const isolate = loader.get(key, () => first);
  const failure = await startFailure(isolate);
  if (failure === undefined) return isolate;
  // Of several that asked for it at once, the first takes note.
  if (of.names.get(name) === key) {
    of.names.delete(name);
    of.failed += 1;
  }
  throw failure;
}

/** Why it does not start. No code of the Worker is called: it has no such entrypoint. */
async function startFailure(isolate: Isolate): Promise<Error | undefined> {
  try {
    await isolate.getEntrypoint("stepwell: does it start?").fetch(new Request("http://isolate.invalid/"));
  } catch (cause) {
    if (cause instanceof Error && cause.message.startsWith("Failed to start Worker")) return cause;
  }
  return undefined;
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
  const known = loads.get(host) ?? { names: new Map(), pending: 0, failed: 0, unnamed: 0 };
  loads.set(host, known);
  return known;
}
