/** KV, D1 and R2 for code outside of workerd: what the objects that scripts find in `env` are made over there. */
import type { Storage, StorageRequest, StorageScope } from "../../../ports/storage.ts";
import type { Stub } from "../../../bindings/stub.ts";

/** What lies in `scope`, for the object that a binding is made into. */
export function stubTo(scope: StorageScope, fetch: Storage["fetch"]): Stub {
  return { fetch: async (url, init = {}) => readable(await fetch(scope, await requestOf(url, init))) };
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
