/** KV, D1 and R2 for code outside of workerd: the objects that scripts find in `env`, over requests to what is kept. */
import type { Storage, StorageRequest, StorageScope } from "../../../ports/storage.ts";
import { D1Database } from "../isolate/bindings/d1.ts";
import { KvNamespace } from "../isolate/bindings/kv.ts";
import { R2Bucket } from "../isolate/bindings/r2.ts";
import type { Stub } from "../isolate/bindings/stub.ts";

export type StoredBinding = KvNamespace | D1Database | R2Bucket;

/** A binding to `scope`. */
export function storedBinding(scope: StorageScope, fetch: Storage["fetch"]): StoredBinding {
  const stub: Stub = { fetch: async (url, init = {}) => readable(await fetch(scope, await requestOf(url, init))) };
  switch (scope.type) {
    case "kv":
      return new KvNamespace(stub);
    case "d1":
      return new D1Database(stub);
    case "r2":
      return new R2Bucket(stub);
  }
}

/** With its body as a whole: values in tests are small, and how long one is has to be said. */
async function requestOf(url: string, init: RequestInit): Promise<StorageRequest> {
  const { pathname, search } = new URL(url);
  const request = new Request(url, init);
  const sent = init.body ? new Uint8Array(await request.arrayBuffer()) : undefined;
  return {
    method: request.method as StorageRequest["method"],
    path: pathname + search,
    headers: { ...Object.fromEntries(request.headers), ...(sent && { "content-length": `${sent.length}` }) },
    ...(sent && { body: streamOf(sent) }),
  };
}

/** An answer whose bytes can be read in portions of any size, as workerd's can. */
async function readable(answer: Response): Promise<Response> {
  const { status, statusText, headers, body } = answer;
  return new Response(body && streamOf(new Uint8Array(await answer.arrayBuffer())), { status, statusText, headers });
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    type: "bytes",
    start: (controller) => {
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  }) as ReadableStream<Uint8Array<ArrayBuffer>>;
}
