/**
 * An endpoint as data: its route, what it takes and gives as schemas, and what it does. The same schemas check requests
 * and describe the API, so that the two cannot differ.
 */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { z } from "zod";
import type { Engine } from "../engine/engine.ts";
import { Failure } from "../model/errors.ts";
import { Unserialisable } from "../model/value.ts";
import type { Catalog } from "../ports/catalog.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Storage } from "../ports/storage.ts";
import type { Store } from "../ports/store.ts";
import type { AssetStore } from "../scripts/assets.ts";
import type { HostNames } from "../scripts/host-names.ts";
import type { InstanceLogs } from "../scripts/instance-logs.ts";
import type { Publisher } from "../scripts/publisher.ts";
import type { Tails } from "../scripts/tails.ts";
import type { CronTriggers } from "../triggers/cron.ts";
import type { Queues } from "../triggers/queues.ts";
import { success, type ResultInfo } from "./envelope.ts";
import type { Transfers } from "./transfers.ts";
import { checkParam, paramSchema } from "./params.ts";

/** What endpoints work on. */
export interface Api {
  readonly engine: Engine;
  readonly store: Store;
  readonly catalog: Catalog;
  /** The way in for code. */
  readonly publisher: Publisher;
  readonly cron: CronTriggers;
  readonly queues: Queues;
  /** Live logs of scripts. */
  readonly tails: Tails;
  /** Files on their way. */
  readonly transfers: Transfers;
  /** What Workers keep in KV, D1 and R2. */
  readonly storage: Storage;
  /** Host names of scripts. */
  readonly hostNames: HostNames;
  /** What instances have written. */
  readonly logs: InstanceLogs;
  /** Static assets of Workers. */
  readonly assets: AssetStore;
  readonly clock: Clock;
  readonly log: Log;
  /** The one account that this server has. */
  readonly accountId: string;
}

/** A result to be put into the envelope, or a whole response. */
export type Reply = { readonly result: unknown; readonly info?: ResultInfo } | Response;

/** An endpoint whose types have been forgotten: what is mounted. */
export interface Endpoint {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** OpenAPI style, below the prefix of the API: `/workflows/{workflow_name}`. */
  readonly path: string;
  readonly summary: string;
  readonly query: z.ZodType;
  /** Absent when the endpoint takes no body. */
  readonly body: z.ZodType | undefined;
  /** What is in the envelope's `result`. Tests hold the answers against it. */
  readonly result: z.ZodType;
  handle(input: { params: never; query: never; body: never }, api: Api, request: Request): Promise<Reply>;
}

type ParamsOf<Path> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [K in Name]: string } & ParamsOf<Rest>
  : unknown;

interface Spec<Path extends string, Q extends z.ZodType, B extends z.ZodType> {
  readonly method: Endpoint["method"];
  readonly path: Path;
  readonly summary: string;
  readonly query?: Q;
  readonly body?: B;
  readonly result: z.ZodType;
  handle(input: { params: ParamsOf<Path>; query: z.output<Q>; body: z.output<B> }, api: Api, request: Request): Promise<Reply>;
}

type NoQuery = z.ZodObject;

const NO_QUERY: NoQuery = z.object({});

/** Declares an endpoint. `params` are named by the path, and checked by name (`params.ts`). */
export function endpoint<const Path extends string, Q extends z.ZodType = NoQuery, B extends z.ZodType = z.ZodUndefined>(
  spec: Spec<Path, Q, B>,
): Endpoint {
  return {
    ...spec,
    query: spec.query ?? NO_QUERY,
    body: spec.body,
    handle: (input, api, request) => spec.handle(input, api, request),
  };
}

/** How failures are shown; wrangler's local API has a way of its own. `params` are those of the path. */
export type ShowFailure = (failure: Failure, params: Readonly<Record<string, string>>) => Response;

/** Names in paths that stand for all that is left of one, slashes included. */
const LONG: ReadonlySet<string> = new Set(["object_key"]);

/** Makes the routes of an API, and describes them. */
export function mount(app: OpenAPIHono, api: Api, endpoints: readonly Endpoint[], show: ShowFailure): void {
  for (const each of endpoints) {
    app.openAPIRegistry.registerPath(describe(each));
    const path = each.path.replace(/\{(\w+)\}/g, (_, name: string) => (LONG.has(name) ? `:${name}{.+}` : `:${name}`));
    app.on(each.method.toUpperCase(), path, (c) => answer(each, api, c, show));
  }
}

async function answer(each: Endpoint, api: Api, c: Context, show: ShowFailure): Promise<Response> {
  const ray = rayId();
  const response = await respond(each, api, c).catch((cause: unknown) => show(toFailure(cause, api, c, ray), c.req.param()));
  response.headers.set("cf-ray", ray);
  return response;
}

async function respond(each: Endpoint, api: Api, c: Context): Promise<Response> {
  const params = c.req.param();
  const query = parse(each.query, queryOf(c.req.url), "");
  // A body that is missing is told before anything is looked up, as the real service does.
  const body = each.body === undefined ? undefined : parse(each.body, await readJson(c.req.raw), "body");
  for (const [name, value] of Object.entries(params)) checkParam(name, value, api.accountId);
  const reply = await each.handle({ params, query, body } as never, api, c.req.raw);
  return reply instanceof Response ? reply : Response.json(success(reply.result, reply.info));
}

/** A name that is given twice becomes a list: schemas that want one value refuse it. */
function queryOf(url: string): Record<string, string | string[]> {
  const found: Record<string, string | string[]> = {};
  for (const [name, value] of new URL(url).searchParams) {
    const before = Object.hasOwn(found, name) ? found[name] : undefined;
    found[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return found;
}

/** The content type does not matter: curl's own says that everything is a form. */
async function readJson(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text.trim() === "") throw new Failure("body", { field: "body", detail: "The request has no body; it takes JSON" });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Failure("body", { field: "body", detail: `Not valid JSON: ${(cause as Error).message}`, cause });
  }
}

function parse(schema: z.ZodType, input: unknown, root: string): unknown {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = fieldPath(issue?.path ?? []);
  throw new Failure("body", { field: field === "" ? root : field, detail: issue?.message ?? "Not valid" });
}

/** `[3].params.sku` */
function fieldPath(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
  return text.startsWith(".") ? text.slice(1) : text;
}

function toFailure(cause: unknown, api: Api, c: Context, ray: string): Failure {
  if (cause instanceof Failure) return cause;
  if (cause instanceof Unserialisable) return new Failure("body", { field: "body", detail: cause.message, cause });
  const reason = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  api.log.error("A request failed", { ray, method: c.req.method, path: c.req.path, reason });
  return new Failure("internal_server", { detail: `Internal error; the server's log has the details under ${ray}`, cause });
}

function rayId(): string {
  return `${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}-LCL`;
}

function describe({
  method,
  path,
  summary,
  query,
  body,
  result,
}: Endpoint): Parameters<OpenAPIHono["openAPIRegistry"]["registerPath"]>[0] {
  const names = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = ""]) => name);
  const envelope = z.object({
    success: z.literal(true),
    errors: z.array(z.unknown()).max(0),
    messages: z.array(z.unknown()).max(0),
    result,
  });
  return {
    method,
    path,
    summary,
    request: {
      params: z.object(Object.fromEntries(names.map((name) => [name, paramSchema(name)]))),
      query: query as z.ZodObject,
      ...(body && { body: { required: true, content: { "application/json": { schema: body } } } }),
    },
    responses: {
      200: { description: summary, content: { "application/json": { schema: envelope } } },
      "4XX": { description: "Refused; nothing has changed", content: { "application/json": { schema: REFUSAL } } },
    },
  };
}

const REFUSAL = z.object({
  success: z.literal(false),
  errors: z.array(
    z.object({ code: z.int(), message: z.string(), error_chain: z.array(z.object({ code: z.int(), message: z.string() })) }),
  ),
  messages: z.array(z.string()),
  result: z.null(),
});
