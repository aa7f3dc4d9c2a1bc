/**
 * A KV namespace as user code sees it: Cloudflare's API, made of requests like those that its runtime makes. Sources: the
 * documentation of the API, and what the same calls do in workerd (`test/storage.test.ts` compares the two).
 */
import { LIMITS } from "../../model/limits.ts";
import { asciiJson } from "../../model/values/ascii-json.ts";
import type { Stub } from "../stub.ts";

type ValueType = "text" | "json" | "arrayBuffer" | "stream";

interface GetOptions {
  readonly type?: ValueType;
  readonly cacheTtl?: number;
}

interface PutOptions {
  readonly expiration?: number;
  readonly expirationTtl?: number;
  readonly metadata?: unknown;
}

interface ListOptions {
  readonly limit?: number | null;
  readonly prefix?: string | null;
  readonly cursor?: string | null;
}

interface WithMetadata {
  readonly value: unknown;
  readonly metadata: unknown;
  readonly cacheStatus: null;
}

interface Listed {
  readonly name: string;
  readonly expiration?: number;
  /** JSON. */
  readonly metadata?: string;
}

const ORIGIN = "http://kv";

export class KvNamespace {
  readonly #stub: Stub;

  constructor(stub: Stub) {
    this.#stub = stub;
  }

  async get(key: string | readonly string[], options?: ValueType | GetOptions): Promise<unknown> {
    if (Array.isArray(key)) return this.#getMany(key, options, false);
    if (key === undefined) throw notOfType("get", 1, "string or Array");
    return (await this.#getOne(String(key), options, "GET")).value;
  }

  async getWithMetadata(key: string | readonly string[], options?: ValueType | GetOptions): Promise<unknown> {
    if (Array.isArray(key)) return this.#getMany(key, options, true);
    if (key === undefined) throw notOfType("getWithMetadata", 1, "string or Array");
    return this.#getOne(String(key), options, "GET");
  }

  async put(
    key: string,
    value: Parameters<typeof toBody>[0],
    { expiration, expirationTtl, metadata }: PutOptions = {},
  ): Promise<void> {
    check(key, "PUT");
    const url = urlOf(key);
    if (expiration !== undefined) url.searchParams.set("expiration", `${expiration}`);
    if (expirationTtl !== undefined) url.searchParams.set("expiration_ttl", `${expirationTtl}`);
    const headers = metadata === undefined || metadata === null ? {} : { "CF-KV-Metadata": asciiJson(metadata) };
    const answer = await this.#stub.fetch(url.href, { method: "PUT", headers, body: toBody(value), duplex: "half" });
    await expectOk(answer, "PUT");
  }

  async delete(key: string): Promise<void> {
    check(key, "DELETE");
    await expectOk(await this.#stub.fetch(urlOf(key).href, { method: "DELETE" }), "DELETE");
  }

  async list({ limit, prefix, cursor }: ListOptions = {}): Promise<unknown> {
    const url = new URL(ORIGIN);
    if (limit) url.searchParams.set("key_count_limit", `${limit}`);
    if (prefix !== undefined && prefix !== null) url.searchParams.set("prefix", prefix);
    if (cursor !== undefined && cursor !== null) url.searchParams.set("cursor", cursor);
    const answer = await expectOk(await this.#stub.fetch(url.href), "GET");
    const { keys, ...rest } = (await answer.json()) as { keys: readonly Listed[] };
    return {
      keys: keys.map(({ metadata, ...key }) =>
        metadata === undefined ? key : { ...key, metadata: JSON.parse(metadata) as unknown },
      ),
      ...rest,
    };
  }

  async #getOne(key: string, options: ValueType | GetOptions | undefined, method: string): Promise<WithMetadata> {
    const { type, cacheTtl } = read(options);
    check(key, method);
    const url = urlOf(key);
    if (cacheTtl !== undefined) url.searchParams.set("cache_ttl", `${cacheTtl}`);
    const answer = await this.#stub.fetch(url.href);
    if (answer.status === 404 || answer.status === 410) {
      await answer.body?.cancel();
      return { value: null, metadata: null, cacheStatus: null };
    }
    await expectOk(answer, method);
    const metadata = answer.headers.get("CF-KV-Metadata");
    return {
      value: await decode(answer, type),
      metadata: metadata === null ? null : (JSON.parse(metadata) as unknown),
      cacheStatus: null,
    };
  }

  async #getMany(
    keys: readonly string[],
    options: ValueType | GetOptions | undefined,
    withMetadata: boolean,
  ): Promise<Map<string, unknown>> {
    const { type, cacheTtl } = typeof options === "string" ? { type: options, cacheTtl: undefined } : (options ?? {});
    const asked = { keys, ...(type !== undefined && { type }), ...(withMetadata && { withMetadata }), cacheTtl };
    const answer = await this.#stub.fetch(`${ORIGIN}/bulk/get`, { method: "POST", body: JSON.stringify(asked) });
    await expectOk(answer, "GET_BULK");
    return new Map(Object.entries((await answer.json()) as Record<string, unknown>));
  }
}

function urlOf(key: string): URL {
  return new URL(`${ORIGIN}/${encodeURIComponent(key)}?urlencoded=true`);
}

function check(key: string, method: string): void {
  if (key === "") throw new TypeError("Key name cannot be empty.");
  if (key === "." || key === "..") throw new TypeError(`"${key}" is not allowed as a key name.`);
  const bytes = new TextEncoder().encode(key).length;
  if (bytes > LIMITS.kvKeyBytes)
    throw new Error(
      `KV ${method} failed: 414 UTF-8 encoded length of ${bytes} exceeds key length limit of ${LIMITS.kvKeyBytes}.`,
    );
}

function read(options: ValueType | GetOptions | undefined): { readonly type: ValueType; readonly cacheTtl: number | undefined } {
  const { type = "text", cacheTtl } = typeof options === "string" ? { type: options } : (options ?? {});
  return { type, cacheTtl };
}

async function decode(answer: Response, type: ValueType): Promise<unknown> {
  switch (type) {
    case "text":
      return answer.text();
    case "json":
      return answer.json();
    case "arrayBuffer":
      return answer.arrayBuffer();
    case "stream":
      return answer.body;
    default:
      throw new TypeError('Unknown response type. Possible types are "text", "arrayBuffer", "json", and "stream".');
  }
}

function toBody(
  value: object | string | number | boolean | bigint | null | undefined,
): string | ReadableStream | ArrayBuffer | NodeJS.ArrayBufferView {
  if (value === undefined) throw notOfType("put", 2, "string or Object");
  if (value === null || typeof value !== "object") return String(value);
  if (value instanceof ReadableStream) return value;
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value as ArrayBuffer | NodeJS.ArrayBufferView;
  throw new TypeError("KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams as values.");
}

function notOfType(method: string, parameter: number, type: string): TypeError {
  return new TypeError(`Failed to execute '${method}' on 'KvNamespace': parameter ${parameter} is not of type '${type}'.`);
}

async function expectOk(answer: Response, method: string): Promise<Response> {
  if (answer.ok) return answer;
  await answer.body?.cancel();
  throw new Error(`KV ${method} failed: ${answer.status} ${answer.statusText}`);
}
