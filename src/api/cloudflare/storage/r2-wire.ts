/** Requests to a bucket, as the binding of Cloudflare's runtime makes them: JSON in a header or before the bytes of an object. */
import { R2_HEADERS } from "../../../bindings/r2/headers.ts";
import { NO_SUCH_OBJECT, READING, type Asked } from "../../../bindings/r2/request.ts";
import { asciiJson } from "../../../model/values/ascii-json.ts";
import { Failure } from "../../../model/failures/failure.ts";
import type { Resource } from "../../../ports/catalog/resources.ts";
import type { StorageRequest } from "../../../ports/storage.ts";
import type { Api } from "../../endpoint/endpoint.ts";
import { ask } from "./storage.ts";

/** What a bucket answers: JSON, and the bytes of an object if there are some. */
export interface BucketAnswer {
  readonly metadata: unknown;
  readonly bytes: ReadableStream<Uint8Array>;
}

/** Asks for something. `value` has to be as long as `length` says. Fails with `r2.object_not_found` or `r2.refused`. */
export async function askBucket(
  api: Api,
  bucket: Resource,
  asked: Asked,
  value?: { readonly body: NonNullable<StorageRequest["body"]>; readonly length: string },
): Promise<BucketAnswer> {
  const isReading = READING.has(asked.method);
  const answer = await ask(api, bucket, {
    method: isReading ? "GET" : "PUT",
    path: "/",
    headers: { [R2_HEADERS.request]: asciiJson(asked), ...(!isReading && { "content-length": value?.length ?? "0" }) },
    ...(value !== undefined && { body: value.body }),
  });
  if (!answer.ok) throw refusal(answer.headers.get(R2_HEADERS.error));
  const size = Number(answer.headers.get(R2_HEADERS.metadataSize) ?? 0);
  if (answer.body === null || size === 0) return { metadata: null, bytes: new Blob([]).stream() };
  return parted(answer.body, size);
}

function refusal(error: string | null): Failure {
  const { message, v4code } = JSON.parse(error ?? "{}") as { message?: string; v4code?: number };
  if (v4code === NO_SUCH_OBJECT) return new Failure("r2.object_not_found", { field: "object_key" });
  return new Failure("r2.refused", { detail: message ?? "The bucket gave no reason" });
}

/** The JSON at the beginning of a stream, and the rest of it. */
async function parted(stream: ReadableStream<Uint8Array>, size: number): Promise<BucketAnswer> {
  const reader = stream.getReader();
  let first = Buffer.alloc(0);
  while (first.length < size) {
    const { value, done } = await reader.read();
    if (done) throw new Failure("storage.unavailable", { detail: "The response of the bucket was cut off" });
    first = Buffer.concat([first, value]);
  }
  const bytes = new ReadableStream<Uint8Array>({
    start: (controller) => {
      if (first.length > size) controller.enqueue(first.subarray(size));
    },
    pull: async (controller) => {
      const { value, done } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return { metadata: JSON.parse(first.subarray(0, size).toString()), bytes };
}
