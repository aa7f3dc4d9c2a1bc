/**
 * An R2 bucket as user code sees it: Cloudflare's API, made of requests like those that its runtime makes. Sources: the
 * documentation of the API, and what the same calls do in workerd (`test/storage.test.ts` compares the two).
 */
import { askR2, askR2With, type Value } from "./request.ts";
import { R2Object, R2ObjectBody, type SentObject } from "./object.ts";
import { type GetOptions, type PutOptions, toConditional, toHashes, toHttpFields, toRange } from "./options.ts";
import type { Stub } from "../stub.ts";

interface ListOptions {
  readonly limit?: number;
  readonly prefix?: string;
  readonly cursor?: string;
  readonly delimiter?: string;
  readonly startAfter?: string;
  readonly include?: readonly ("httpMetadata" | "customMetadata")[];
}

interface UploadedPart {
  readonly partNumber: number;
  readonly etag: string;
}

export class R2Bucket {
  readonly #stub: Stub;

  constructor(stub: Stub) {
    this.#stub = stub;
  }

  async head(key: string): Promise<R2Object | null> {
    const answer = await askR2(this.#stub, { method: "head", object: key });
    return answer.kind === "none" ? null : new R2Object(await answer.json<SentObject>());
  }

  /** Without a body when a condition does not hold. */
  async get(key: string, options: GetOptions = {}): Promise<R2Object | R2ObjectBody | null> {
    const asked = { method: "get", object: key, ...toRange(options.range), ...toConditional(options.onlyIf) };
    const answer = await askR2(this.#stub, asked);
    if (answer.kind === "none") return null;
    const object = await answer.json<SentObject>();
    if (answer.kind === "refused") return new R2Object(object);
    return new R2ObjectBody(object, answer.bytes(object.range?.length ?? object.size));
  }

  /** Null when a condition does not hold. */
  async put(key: string, value: Value, options: PutOptions = {}): Promise<R2Object | null> {
    const asked = {
      method: "put",
      object: key,
      ...metadataOf(options),
      ...toConditional(options.onlyIf),
      ...toHashes(options),
    };
    const answer = await askR2With(this.#stub, asked, value);
    return answer.kind === "refused" ? null : new R2Object(await answer.json<SentObject>());
  }

  async delete(keys: string | readonly string[]): Promise<void> {
    await askR2(this.#stub, { method: "delete", ...(typeof keys === "string" ? { object: keys } : { objects: keys }) });
  }

  async list({ include = [], ...options }: ListOptions = {}): Promise<object> {
    const asked = { method: "list", ...options, include: include.map((each) => (each === "httpMetadata" ? 0 : 1)) };
    const { objects, truncated, cursor, delimitedPrefixes } = await (
      await askR2(this.#stub, asked)
    ).json<{ objects: readonly SentObject[]; truncated: boolean; cursor?: string; delimitedPrefixes: readonly string[] }>();
    return {
      objects: objects.map((each) => new R2Object(each)),
      truncated,
      ...(truncated && cursor !== undefined && { cursor }),
      delimitedPrefixes,
    };
  }

  async createMultipartUpload(key: string, options: PutOptions = {}): Promise<R2MultipartUpload> {
    const answer = await askR2(this.#stub, { method: "createMultipartUpload", object: key, ...metadataOf(options) });
    const { uploadId } = await answer.json<{ uploadId: string }>();
    return new R2MultipartUpload(this.#stub, key, uploadId);
  }

  /** Whether there is such an upload shows only when it is used. */
  resumeMultipartUpload(key: string, uploadId: string): R2MultipartUpload {
    return new R2MultipartUpload(this.#stub, key, uploadId);
  }
}

class R2MultipartUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly #stub: Stub;

  constructor(stub: Stub, key: string, uploadId: string) {
    this.#stub = stub;
    this.key = key;
    this.uploadId = uploadId;
  }

  async uploadPart(partNumber: number, value: Value): Promise<UploadedPart> {
    const asked = { method: "uploadPart", object: this.key, uploadId: this.uploadId, partNumber };
    const { etag } = await (await askR2With(this.#stub, asked, value)).json<{ etag: string }>();
    return { partNumber, etag };
  }

  async abort(): Promise<void> {
    await askR2(this.#stub, { method: "abortMultipartUpload", object: this.key, uploadId: this.uploadId });
  }

  async complete(uploaded: readonly UploadedPart[]): Promise<R2Object> {
    const parts = uploaded.map(({ partNumber: part, etag }) => ({ part, etag }));
    const asked = { method: "completeMultipartUpload", object: this.key, uploadId: this.uploadId, parts };
    return new R2Object(await (await askR2(this.#stub, asked)).json<SentObject>());
  }
}

function metadataOf({ httpMetadata, customMetadata }: PutOptions): object {
  return {
    ...(httpMetadata !== undefined && { httpFields: toHttpFields(httpMetadata) }),
    ...(customMetadata !== undefined && { customFields: Object.entries(customMetadata).map(([k, v]) => ({ k, v })) }),
  };
}
