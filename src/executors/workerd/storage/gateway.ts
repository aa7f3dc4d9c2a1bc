/**
 * The one Worker of the storage process: Cloudflare's simulators of KV, D1 and R2 as Durable Objects, one for each namespace,
 * database and bucket, and the way to them. Every client of the process's socket is trusted with the name of the object that it
 * asks for.
 */
import { abortIsolate } from "cloudflare:workers";
import { D1DatabaseObject } from "miniflare:d1";
import { KVNamespaceObject } from "miniflare:kv";
import { R2BucketObject } from "miniflare:r2";
import { R2_HEADERS } from "../../../bindings/r2/headers.ts";
import { STORAGE_HEADERS } from "../messages.ts";
import { scopeName } from "./scope.ts";

/** As much of an object's state as is used. */
interface State {
  readonly storage: { deleteAll(): Promise<void>; sync(): Promise<void> };
  abort(reason: string): void;
}

interface Simulator {
  fetch(request: Request): Promise<Response>;
}

/** A simulator's class. */
export type ObjectClass = new (state: State, env: unknown) => Simulator;

interface Env {
  readonly [type: string]: {
    idFromName(name: string): unknown;
    get(id: unknown): { fetch(request: Request, options: unknown): Promise<Response> };
  };
}

const FORGOTTEN = "What was kept here has been deleted";

/** A simulator whose data can be deleted as a whole. */
function forgetful(simulator: ObjectClass): ObjectClass {
  return class extends simulator {
    readonly #state: State;

    constructor(state: State, env: unknown) {
      super(state, env);
      this.#state = state;
    }

    override async fetch(request: Request): Promise<Response> {
      if (request.method !== "PURGE") return withoutStack(await super.fetch(request));
      await this.#state.storage.deleteAll();
      await this.#state.storage.sync();
      // What it knows of its tables is no longer so: the next request is to find it as if new. Nothing comes after this.
      this.#state.abort(FORGOTTEN);
      return new Response(null, { status: 204 });
    }
  };
}

/** A simulator that fails answers with its stack, as text, which is no business of Workers. It has written that to the log. */
async function withoutStack(answer: Response): Promise<Response> {
  if (answer.status !== 500 || answer.headers.get("content-type")?.startsWith("application/json") === true) return answer;
  await answer.body?.cancel();
  const headers = new Headers(answer.headers);
  headers.delete("content-length");
  return new Response("Internal error; the server's log has the details", { status: 500, headers });
}

export const Kv: ObjectClass = forgetful(KVNamespaceObject);
export const D1: ObjectClass = forgetful(D1DatabaseObject);
export const R2: ObjectClass = forgetful(R2BucketObject);

const gateway: { fetch(request: Request, env: Env): Promise<Response> } = {
  async fetch(request, env) {
    const type = request.headers.get(STORAGE_HEADERS.type) ?? "";
    if (type === "lifeline") return lifeline();
    const namespace = env[type];
    if (namespace === undefined) return new Response(null, { status: 404 });
    const name = scopeName(type, request.headers.get(STORAGE_HEADERS.id) ?? "");
    if (request.method === "PURGE") return forgotten(() => namespace.get(namespace.idFromName(name)).fetch(request, {}));
    const isSplit = request.method === "PUT" && request.headers.has(R2_HEADERS.request);
    const asked = isSplit ? withMetadata(request) : request;
    if (asked === undefined) return new Response(null, { status: 411, headers: { [R2_HEADERS.noLength]: "1" } });
    return namespace.get(namespace.idFromName(name)).fetch(asked, { cf: { miniflare: { name } } });
  },
};

export default gateway;

/** An object that has forgotten all ends with that. */
async function forgotten(ask: () => Promise<Response>): Promise<Response> {
  try {
    return await ask();
  } catch (thrown) {
    if (!(thrown instanceof Error) || thrown.message !== FORGOTTEN) throw thrown;
    return new Response(null, { status: 204 });
  }
}

/** R2 expects the request in front of the value; here it is sent in a header, because joining them requires the body's length. */
function withMetadata(request: Request): Request | undefined {
  const metadata = new TextEncoder().encode(request.headers.get(R2_HEADERS.request) ?? "");
  const length = request.headers.get("content-length") ?? (request.body === null ? "0" : "");
  if (length === "") return undefined;
  const { readable, writable } = new FixedLengthStream(metadata.length + Number(length));
  void joined(metadata, request.body, writable).catch(() => {});
  return new Request(request.url, {
    method: "PUT",
    headers: { [R2_HEADERS.metadataSize]: `${metadata.length}` },
    body: readable,
  });
}

async function joined(
  first: Uint8Array,
  rest: ReadableStream<Uint8Array> | null,
  into: WritableStream<Uint8Array>,
): Promise<void> {
  const writer = into.getWriter();
  await writer.write(first);
  if (rest === null) return writer.close();
  writer.releaseLock();
  await rest.pipeTo(into);
}

/** While the server holds this socket the process lives. */
function lifeline(): Response {
  const { 0: theirs, 1: ours } = new WebSocketPair();
  ours.accept();
  ours.addEventListener("message", () => ours.send("pong"));
  const end = (): void => abortIsolate("The server is gone");
  ours.addEventListener("close", end);
  ours.addEventListener("error", end);
  return new Response(null, { status: 101, webSocket: theirs } as ResponseInit);
}
