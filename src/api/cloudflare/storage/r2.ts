/** R2 buckets, and the objects in them. */
import { z } from "zod";
import { Failure } from "../../../model/failures/failure.ts";
import { LIMITS } from "../../../model/limits.ts";
import { iso } from "../../../model/time/calendar.ts";
import type { Resource } from "../../../ports/catalog/resources.ts";
import { endpoint, type Endpoint } from "../../endpoint/endpoint.ts";
import type { SentObject } from "../../../bindings/r2/object.ts";
import { askBucket } from "./r2-wire.ts";
import { found, remove } from "./storage.ts";

const BUCKETS = "/accounts/{account_id}/r2/buckets";
const BUCKET = `${BUCKETS}/{bucket_name}` as const;
const OBJECT = `${BUCKET}/objects/{object_key}` as const;

const bucket = z.looseObject({ name: z.string(), creation_date: z.string() });

const object = z.object({ key: z.string(), etag: z.string(), size: z.number(), last_modified: z.string() });

/** The headers of HTTP by R2's names for them. */
const FIELDS: Readonly<Record<string, string>> = {
  contentType: "content-type",
  contentLanguage: "content-language",
  contentDisposition: "content-disposition",
  contentEncoding: "content-encoding",
  cacheControl: "cache-control",
  cacheExpiry: "expires",
};

function show({ name, createdAt }: Resource): z.output<typeof bucket> {
  return { name, creation_date: iso(createdAt), location: "local", storage_class: "Standard", jurisdiction: "default" };
}

function showObject({ name: key, etag, size, uploaded }: SentObject): z.output<typeof object> {
  return { key, etag, size, last_modified: iso(uploaded) };
}

function headersOf({ etag, httpFields = {}, size, uploaded }: SentObject): Headers {
  const headers = new Headers({
    etag: `"${etag}"`,
    "content-length": `${size}`,
    "last-modified": new Date(uploaded).toUTCString(),
  });
  for (const [field, value] of Object.entries(httpFields)) {
    const name = FIELDS[field];
    const text = typeof value === "number" ? new Date(value).toUTCString() : value;
    if (name !== undefined && isHeaderValue(text)) headers.set(name, text);
  }
  return headers;
}

/** Workers store any text. */
function isHeaderValue(text: string): boolean {
  try {
    return new Headers({ text }).has("text");
  } catch {
    return false;
  }
}

function fieldsOf(headers: Headers): Record<string, string | number> {
  const fields = Object.entries(FIELDS).flatMap(([field, name]): [string, string | number][] => {
    const value = headers.get(name);
    if (value === null) return [];
    if (field !== "cacheExpiry") return [[field, value]];
    const time = Date.parse(value);
    return Number.isNaN(time) ? [] : [[field, time]];
  });
  return Object.fromEntries(fields);
}

/** Buckets, by name. */
export const r2Buckets: readonly Endpoint[] = [
  endpoint("get", BUCKETS, {
    summary: "List R2 buckets, by name",
    query: z.object({ name_contains: z.string().default("") }),
    result: z.object({ buckets: z.array(bucket) }),
    handle: async ({ query }, { catalog }) => {
      const all = (await catalog.resources("r2")).filter(({ name }) => name.includes(query.name_contains));
      return { result: { buckets: all.map(show) } };
    },
  }),
  endpoint("post", BUCKETS, {
    needs: "admin",
    summary: "Create an R2 bucket",
    body: z.looseObject({ name: z.string() }),
    result: bucket,
    handle: async ({ body: { name } }, { catalog, clock }) => {
      if (!/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(name)) throw new Failure("r2.invalid_name", { field: "name" });
      const made: Resource = { type: "r2", id: name, name, createdAt: clock.now() };
      if (!(await catalog.addResource(made))) throw new Failure("r2.already_exists", { field: "name" });
      return { result: show(made) };
    },
  }),
  endpoint("get", BUCKET, {
    summary: "Read an R2 bucket",
    result: bucket,
    handle: async ({ params }, api) => ({ result: show(await found(api, "r2", params.bucket_name)) }),
  }),
  endpoint("delete", BUCKET, {
    needs: "admin",
    summary: "Delete an empty R2 bucket",
    result: z.object({}),
    handle: async ({ params }, api) => {
      const resource = await found(api, "r2", params.bucket_name);
      const { metadata } = await askBucket(api, resource, { method: "list", limit: 1 });
      if ((metadata as { objects: unknown[] }).objects.length > 0) throw new Failure("r2.not_empty");
      await remove(api, resource);
      return { result: {} };
    },
  }),
  endpoint("get", `${BUCKET}/objects`, {
    needs: "viewer",
    summary: "List the objects of a bucket",
    query: z.object({
      prefix: z.string().default(""),
      cursor: z.string().optional(),
      delimiter: z.string().optional(),
      start_after: z.string().optional(),
      per_page: z.coerce.number().int().min(1).max(1000).default(20),
    }),
    result: z.array(object),
    handle: async ({ params, query: { per_page: limit, start_after: startAfter, ...rest } }, api) => {
      const asked = { method: "list", limit, ...rest, ...(startAfter !== undefined && { startAfter }) };
      const { metadata } = await askBucket(api, await found(api, "r2", params.bucket_name), asked);
      const { objects, cursor } = metadata as { objects: SentObject[]; cursor?: string };
      const count = objects.length;
      const info = { count, per_page: limit, total_count: count, ...(cursor !== undefined && { cursor }) };
      return { result: objects.map(showObject), info };
    },
  }),
  endpoint("get", OBJECT, {
    needs: "viewer",
    summary: "Read the raw bytes of an object",
    result: z.unknown(),
    handle: async ({ params }, api) => {
      const asked = { method: "get", object: params.object_key };
      const { metadata, bytes } = await askBucket(api, await found(api, "r2", params.bucket_name), asked);
      return new Response(bytes, { headers: headersOf(metadata as SentObject) });
    },
  }),
  endpoint("put", OBJECT, {
    summary: "Write an object: the raw body, and the headers to serve it with",
    maxBody: LIMITS.objectBodyBytes,
    result: object,
    handle: async ({ params, sent }, api, request) => {
      const resource = await found(api, "r2", params.bucket_name);
      const length = request.headers.get("content-length");
      if (length === null) throw new Failure("r2.no_length");
      const asked = { method: "put", object: params.object_key, httpFields: fieldsOf(request.headers) };
      const { metadata } = await askBucket(api, resource, asked, { body: sent.stream() ?? "", length });
      return { result: showObject(metadata as SentObject) };
    },
  }),
  endpoint("delete", OBJECT, {
    summary: "Delete an object",
    result: z.object({ key: z.string() }),
    handle: async ({ params }, api) => {
      const resource = await found(api, "r2", params.bucket_name);
      await askBucket(api, resource, { method: "delete", object: params.object_key });
      return { result: { key: params.object_key } };
    },
  }),
];
