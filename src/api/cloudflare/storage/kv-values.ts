/** What is in KV namespaces: single values as they are, and many at once as JSON. */
import { z } from "zod";
import { asciiJson } from "../../../model/values/ascii-json.ts";
import { Failure } from "../../../model/failures/failure.ts";
import { LIMITS } from "../../../model/limits.ts";
import { isDeeper } from "../../../model/values/depth.ts";
import type { Resource } from "../../../ports/catalog/resources.ts";
import type { StorageRequest } from "../../../ports/storage.ts";
import type { RequestBody } from "../../endpoint/body.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { ask, found } from "./storage.ts";
import { NAMESPACE } from "./kv.ts";

const VALUE = `${NAMESPACE}/values/{key_name}` as const;
const BULK = `${NAMESPACE}/bulk` as const;

const expiry = { expiration: z.coerce.number().int().optional(), expiration_ttl: z.coerce.number().int().optional() };

const key = z.object({ name: z.string(), expiration: z.number().optional(), metadata: z.unknown().optional() });

const entry = z.object({
  key: z.string().min(1),
  value: z.string(),
  base64: z.boolean().default(false),
  metadata: z.unknown().optional(),
  ...expiry,
});

const done = z.object({ successful_key_count: z.number(), unsuccessful_keys: z.array(z.string()) });

interface Put {
  readonly key: string;
  readonly value: NonNullable<StorageRequest["body"]>;
  readonly metadata?: unknown;
  readonly expiration?: number | undefined;
  readonly expiration_ttl?: number | undefined;
}

async function kv(api: Api, namespace: Resource, request: StorageRequest): Promise<Response> {
  const answer = await ask(api, namespace, request);
  if (answer.ok) return answer;
  if (answer.status === 404) throw new Failure("kv.key_not_found", { field: "key_name" });
  throw new Failure("kv.refused", { detail: await answer.text() });
}

const pathOf = (name: string): string => `/${encodeURIComponent(name)}?urlencoded=true`;

async function put(
  api: Api,
  namespace: Resource,
  { key: name, value, metadata, expiration, expiration_ttl }: Put,
): Promise<void> {
  const query = new URLSearchParams({ urlencoded: "true" });
  if (expiration !== undefined) query.set("expiration", `${expiration}`);
  if (expiration_ttl !== undefined) query.set("expiration_ttl", `${expiration_ttl}`);
  const headers = metadata === undefined || metadata === null ? {} : { "CF-KV-Metadata": asciiJson(metadata) };
  await kv(api, namespace, { method: "PUT", path: `/${encodeURIComponent(name)}?${query.toString()}`, headers, body: value });
}

async function erase(api: Api, namespace: Resource, name: string): Promise<void> {
  await kv(api, namespace, { method: "DELETE", path: pathOf(name) });
}

/** A value as it is, or a form of `value` and `metadata`. */
async function valueOf(sent: RequestBody, { headers }: Request): Promise<Pick<Put, "value" | "metadata">> {
  if (!(headers.get("content-type") ?? "").startsWith("multipart/form-data")) return { value: sent.stream() ?? "" };
  const form = await sent.form("Not a multipart form of `value` and `metadata`");
  const [value, metadata] = [form.get("value"), form.get("metadata")];
  if (value === null) throw new Failure("body", { field: "value", detail: "The form has no part of this name" });
  return {
    value: typeof value === "string" ? value : value.stream(),
    ...(typeof metadata === "string" && { metadata: parsed(metadata) }),
  };
}

function parsed(json: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new Failure("body", { field: "metadata", detail: "Not valid JSON", cause });
  }
  if (isDeeper(value, LIMITS.valueDepth))
    throw new Failure("body", { field: "metadata", detail: `Nested deeper than ${LIMITS.valueDepth} levels` });
  return value;
}

const bulkDelete = {
  summary: "Delete several keys, one by one",
  body: z.array(z.string().min(1)).max(LIMITS.kvBulk),
  maxBody: LIMITS.batchBodyBytes,
  result: done,
  handle: async ({ params, body }: { params: { readonly namespace_id: string }; body: string[] }, api: Api) => {
    const namespace = await found(api, "kv", params.namespace_id);
    for (const name of body) await erase(api, namespace, name);
    return { result: { successful_key_count: body.length, unsuccessful_keys: [] } };
  },
} as const;

/** Values, by key. */
export const kvValues: readonly Endpoint[] = [
  endpoint("get", `${NAMESPACE}/keys`, {
    needs: "viewer",
    summary: "List the keys of a KV namespace",
    query: z.object({
      prefix: z.string().default(""),
      cursor: z.string().default(""),
      limit: z.coerce.number().int().min(1).max(1000).default(1000),
    }),
    result: z.array(key),
    handle: async ({ params, query: { prefix, cursor, limit } }, api) => {
      const query = new URLSearchParams({ prefix, key_count_limit: `${limit}`, ...(cursor !== "" && { cursor }) });
      const answer = await kv(api, await found(api, "kv", params.namespace_id), { method: "GET", path: `/?${query.toString()}` });
      const listed = (await answer.json()) as { keys: { metadata?: string }[]; cursor?: string };
      const result = listed.keys.map(({ metadata, ...rest }) =>
        metadata === undefined ? rest : { ...rest, metadata: parsed(metadata) },
      );
      const count = result.length;
      return { result, info: { count, per_page: limit, total_count: count, cursor: listed.cursor ?? "" } };
    },
  }),
  endpoint("get", VALUE, {
    needs: "viewer",
    summary: "Read the raw bytes of a value",
    result: z.unknown(),
    handle: async ({ params }, api) => {
      const answer = await kv(api, await found(api, "kv", params.namespace_id), { method: "GET", path: pathOf(params.key_name) });
      const expiration = answer.headers.get("cf-expiration");
      const headers = { "content-type": "application/octet-stream", ...(expiration !== null && { expiration }) };
      return new Response(answer.body, { headers });
    },
  }),
  endpoint("get", `${NAMESPACE}/metadata/{key_name}`, {
    needs: "viewer",
    summary: "Read the metadata of a value",
    result: z.unknown(),
    handle: async ({ params }, api) => {
      const answer = await kv(api, await found(api, "kv", params.namespace_id), { method: "GET", path: pathOf(params.key_name) });
      await answer.body?.cancel();
      // Headers are read as if each byte were a character.
      return { result: parsed(Buffer.from(answer.headers.get("cf-kv-metadata") ?? "null", "latin1").toString()) };
    },
  }),
  endpoint("put", VALUE, {
    summary: "Write a value: the raw body, or a form with `value` and `metadata`",
    query: z.object(expiry),
    maxBody: LIMITS.kvBodyBytes,
    handle: async ({ params, query, sent }, api, request) => {
      const namespace = await found(api, "kv", params.namespace_id);
      await put(api, namespace, { key: params.key_name, ...query, ...(await valueOf(sent, request)) });
    },
  }),
  endpoint("delete", VALUE, {
    summary: "Delete a key",
    handle: async ({ params }, api) => erase(api, await found(api, "kv", params.namespace_id), params.key_name),
  }),
  endpoint("put", BULK, {
    summary: "Write several values, one by one",
    body: z.array(entry).max(LIMITS.kvBulk),
    maxBody: LIMITS.bulkBodyBytes,
    result: done,
    handle: async ({ params, body }, api) => {
      const namespace = await found(api, "kv", params.namespace_id);
      for (const { value, base64, ...each } of body) {
        const bytes = new Blob([base64 ? Buffer.from(value, "base64") : value]).stream();
        await put(api, namespace, { ...each, value: bytes });
      }
      return { result: { successful_key_count: body.length, unsuccessful_keys: [] } };
    },
  }),
  endpoint("delete", BULK, bulkDelete),
  endpoint("post", `${BULK}/delete`, bulkDelete),
  endpoint("post", `${BULK}/get`, {
    needs: "viewer",
    summary: "Read several values",
    body: z.object({
      keys: z.array(z.string().min(1)).min(1).max(100),
      type: z.enum(["text", "json"]).default("text"),
      withMetadata: z.boolean().default(false),
    }),
    result: z.object({ values: z.record(z.string(), z.unknown()) }),
    handle: async ({ params, body }, api) => {
      const namespace = await found(api, "kv", params.namespace_id);
      const answer = await kv(api, namespace, { method: "POST", path: "/bulk/get", body: JSON.stringify(body) });
      return { result: { values: (await answer.json()) as Record<string, unknown> } };
    },
  }),
];
