/** KV, D1 and R2 of a test file: kept by a workerd of its own, which is started by their first use, and forgotten at the end. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { D1Database } from "../executors/workerd/isolate/bindings/d1.ts";
import { KvNamespace } from "../executors/workerd/isolate/bindings/kv.ts";
import { R2Bucket } from "../executors/workerd/isolate/bindings/r2.ts";
import type { Stub } from "../executors/workerd/isolate/bindings/shaped.ts";
import { StorageProcess } from "../executors/workerd/storage/process.ts";
import type { StorageRequest, StorageScope } from "../ports/storage.ts";

export class TestStorage {
  readonly #folder: string = mkdtempSync(join(tmpdir(), "stepwell-vitest-"));
  readonly #process: StorageProcess = new StorageProcess(this.#folder);
  readonly #used: Map<string, StorageScope> = new Map();

  kv(id: string): KvNamespace {
    return new KvNamespace(this.#stub({ type: "kv", id }));
  }

  d1(id: string): D1Database {
    return new D1Database(this.#stub({ type: "d1", id }));
  }

  r2(id: string): R2Bucket {
    return new R2Bucket(this.#stub({ type: "r2", id }));
  }

  /** Deletes all that has been kept. */
  async reset(): Promise<void> {
    for (const scope of this.#used.values()) await this.#process.forget(scope);
    this.#used.clear();
  }

  async close(): Promise<void> {
    await this.#process.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #stub(scope: StorageScope): Stub {
    return {
      fetch: async (url, init = {}) => {
        this.#used.set(`${scope.type} ${scope.id}`, scope);
        await this.#process.open();
        return readable(await this.#process.fetch(scope, await requestOf(url, init)));
      },
    };
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
