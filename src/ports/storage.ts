/**
 * What Workers keep in KV namespaces, D1 databases and R2 buckets, each reached by requests in the words of its product: those
 * that a binding of Cloudflare's runtime makes.
 */

/** A namespace, a database (by id), or a bucket (by name). */
export interface StorageScope {
  readonly type: "kv" | "d1" | "r2";
  readonly id: string;
}

/** A request to what is kept. Of its URL only path and query count. */
export interface StorageRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With the query, like `/key?expiration_ttl=60`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: ReadableStream<Uint8Array> | string;
}

export interface Storage {
  /** What is there is made by the first request. Rejects with `Failure("storage.unavailable")`. */
  fetch(scope: StorageScope, request: StorageRequest): Promise<Response>;
  /** Deletes all that is kept there, and what it took on disk. */
  forget(scope: StorageScope): Promise<void>;
}
