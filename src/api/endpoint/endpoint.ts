/**
 * An endpoint as data: its route, what it takes and gives as schemas, and what it does. The same schemas check requests
 * and describe the API, so that the two cannot differ.
 */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { z } from "zod";
import type { Audit } from "../../access/audit.ts";
import type { DataPoints } from "../../bindings/analytics/points.ts";
import type { Engine } from "../../engine/contract.ts";
import { Failure, failureKind } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import { mayAct, type Principal, type Role } from "../../model/platform/roles.ts";
import { Unserialisable } from "../../model/values/value.ts";
import { illFormedAt } from "../../model/values/well-formed.ts";
import type { Catalog } from "../../ports/catalog/catalog.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Ids } from "../../ports/ids.ts";
import type { EmailStore } from "../../ports/logs/emails.ts";
import type { Log } from "../../ports/log.ts";
import type { Storage } from "../../ports/storage.ts";
import type { Vault } from "../../ports/vault.ts";
import type { Store } from "../../ports/store.ts";
import { StoreError, storeFailure } from "../../model/failures/store-error.ts";
import type { AssetStore } from "../../workers/assets/assets.ts";
import type { HostNames } from "../../workers/addresses/host-names.ts";
import type { InstanceLogs } from "../../workers/logs/instance-logs.ts";
import type { Publisher } from "../../workers/versions/publisher.ts";
import type { Tails } from "../../workers/logs/tails.ts";
import type { Queues } from "../../queues/queues.ts";
import type { Subscriptions } from "../../queues/subscriptions.ts";
import { takeHeaders } from "./answer-headers.ts";
import { actionOf, auditOf } from "./request-audit.ts";
import { RequestBody, type BodyRoom } from "./body.ts";
import { success, type Message, type ResultInfo } from "./envelope.ts";
import { isHungUp } from "./gone.ts";
import { jsonResponse } from "./json-response.ts";
import { withoutPayloads } from "./payload.ts";
import type { Transfers } from "../cloudflare/storage/transfers.ts";
import { checkParam, paramSchema } from "./params.ts";

/** Null: no limit. */
export type SettingValue = string | number | null;

/** What endpoints work on. */
export interface Api {
  readonly engine: Engine;
  readonly store: Store;
  readonly catalog: Catalog;
  readonly vault: Vault;
  /** The way in for code. */
  readonly publisher: Publisher;
  readonly queues: Queues;
  readonly subscriptions: Subscriptions;
  /** What Workers have written to datasets. */
  readonly points: Pick<DataPoints, "newest">;
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
  /** Who did what. */
  readonly audit: Audit;
  /** Emails that Workers have sent. */
  readonly emails: EmailStore;
  /** Memory for the bodies of requests. */
  readonly bodies: BodyRoom;
  /** What the server was started with, and the defaults of the rest. */
  readonly settings: Readonly<Record<string, SettingValue>>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** The one account that this server has. */
  readonly accountId: string;
}

/** A result to be put into the envelope, or a whole response. */
export type Reply = { readonly result: unknown; readonly info?: ResultInfo; readonly messages?: readonly Message[] } | Response;

/** Who may ask. `own`: the endpoint looks at a token of its own. */
export type Needs = Role | "own";

/** An endpoint whose types have been forgotten: what is mounted. */
export interface Endpoint {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** OpenAPI style, below the prefix of the API: `/workflows/{workflow_name}`. */
  readonly path: string;
  readonly summary: string;
  readonly query: z.ZodType;
  /** Absent when the endpoint takes no JSON. */
  readonly body: z.ZodType | undefined;
  /** Bytes of a body that it reads at the most. */
  readonly maxBody: number;
  /** True when its JSON holds values of users, which may have any text that JSON can say. Elsewhere it has to be Unicode. */
  readonly takesValues: boolean;
  /** What is in the envelope's `result`. Tests hold the answers against it. */
  readonly result: z.ZodType;
  /** The least role; an observer is shown what `payload.ts` lets through. */
  readonly needs: Needs;
  /** True when whole responses are without payloads for observers. They are not looked into, and refused otherwise. */
  readonly hides: boolean;
  /** What the audit log calls it as long as its body has not been read. */
  readonly name: string;
  /** Names in its path that say what it is done to. */
  readonly targets: readonly string[];
  /** What the audit log calls it. */
  action(body: never): string;
  /** Fails when the request is to be refused whatever is in its body, which has not been read yet. */
  admit(params: never, api: Api): void;
  readonly handle: Handle<never, never, never>;
}

/** Answers a request. `sent` is the body as it came, for endpoints that do not take JSON. */
type Handle<Params, Query, Body> = (
  input: { params: Params; query: Query; body: Body; sent: RequestBody },
  api: Api,
  request: Request,
  asker: Principal,
) => Promise<Reply | void>;

type ParamsOf<Path> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [K in Name]: string } & ParamsOf<Rest>
  : unknown;

/**
 * What an endpoint says of itself. Unless it is said, it takes `LIMITS.bodyBytes` and no values, its result is null, an
 * observer may read, and an operator may do the rest.
 */
interface Spec<Path extends string, Q extends z.ZodType, B extends z.ZodType>
  extends Pick<Endpoint, "summary">, Partial<Pick<Endpoint, "maxBody" | "takesValues" | "result" | "needs" | "hides">> {
  readonly query?: Q;
  readonly body?: B;
  /** Unless it is said, its path and its method say it. */
  readonly action?: (body: z.output<B>) => string;
  readonly admit?: (params: ParamsOf<Path>, api: Api) => void;
  readonly handle: Handle<ParamsOf<Path>, z.output<Q>, z.output<B>>;
}

type NoQuery = z.ZodObject;

const NO_QUERY: NoQuery = z.object({});

/** Declares an endpoint. `params` are named by the path, and checked by name (`params.ts`). */
export function endpoint<const Path extends string, Q extends z.ZodType = NoQuery, B extends z.ZodType = z.ZodUndefined>(
  method: Endpoint["method"],
  path: Path,
  spec: Spec<Path, Q, B>,
): Endpoint {
  const name = actionOf(method, path);
  return {
    ...spec,
    method,
    path,
    name,
    targets: namesIn(path).filter((each) => each !== "account_id"),
    query: spec.query ?? NO_QUERY,
    body: spec.body,
    maxBody: spec.maxBody ?? LIMITS.bodyBytes,
    takesValues: spec.takesValues ?? false,
    result: spec.result ?? z.null(),
    needs: spec.needs ?? (method === "get" ? "observer" : "operator"),
    hides: spec.hides ?? false,
    action: (body) => spec.action?.(body) ?? name,
    admit: (params, api) => spec.admit?.(params, api),
  };
}

/** The names that stand for something in a path. */
function namesIn(path: string): string[] {
  return Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = ""]) => name);
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
  const ray = rayId(api.ids.uuid());
  const sent = new RequestBody(c.req.raw, each.maxBody, api.bodies);
  const response = await respond(each, api, c, sent, ray).catch((cause: unknown) => {
    const failure = toFailure(cause, api, c, ray);
    auditOf(c).code = failureKind(failure.failure).code;
    return named(show(failure, c.req.param()), ray);
  });
  sent.close();
  return response;
}

function named(response: Response, ray: string): Response {
  response.headers.set(RAY, ray);
  return response;
}

/** The header with the number of a request. */
const RAY = "cf-ray";

async function respond(each: Endpoint, api: Api, c: Context, sent: RequestBody, ray: string): Promise<Response> {
  const params = c.req.param();
  const asked = auditOf(c);
  asked.target = each.targets.map((name) => params[name] ?? "");
  asked.action = each.name;
  const asker = askerOf(each, asked.principal);
  const query = parse(each.query, queryOf(c.req.url), "");
  each.admit(params as never, api);
  // A missing body is reported before anything is looked up, as by the real service.
  const body = each.body === undefined ? undefined : parse(each.body, await jsonOf(each, sent), "body");
  asked.action = each.action(body as never);
  for (const [name, value] of Object.entries(params)) checkParam(name, value, api.accountId);
  const reply = (await each.handle({ params, query, body, sent } as never, api, c.req.raw, asker)) ?? { result: null };
  if (reply instanceof Response) return named(asker.role === "observer" && !each.hides ? await unseen(reply) : reply, ray);
  if (each.method === "post") asked.target = [...asked.target, ...idOf(reply.result)];
  const result = asker.role === "observer" ? withoutPayloads(each.result, reply.result) : reply.result;
  return jsonResponse(success(result, reply.info, reply.messages), { ...takeHeaders(c), [RAY]: ray });
}

/** The caller of an endpoint that checks the token itself. */
const BEARER: Principal = { kind: "token", id: "", name: "", role: "admin" };

function askerOf({ needs }: Endpoint, principal: Principal | undefined): Principal {
  if (needs === "own") return principal ?? BEARER;
  if (principal === undefined) throw new Failure("authentication");
  if (!mayAct(principal.role, needs)) throw tooLow(principal.role, needs);
  return principal;
}

function tooLow(role: Role, needed: Role): Failure {
  return new Failure("access.role", { detail: `This request requires the role ${needed}; your role is ${role}` });
}

/** A response is not looked into, so that an observer gets none. */
async function unseen({ body }: Response): Promise<never> {
  await body?.cancel();
  throw tooLow("observer", "viewer");
}

/** The id of what has been made, if it has one. */
function idOf(result: unknown): readonly string[] {
  const { id } = (result ?? {}) as { readonly id?: unknown };
  return typeof id === "string" ? [id] : [];
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

async function jsonOf({ takesValues }: Endpoint, sent: RequestBody): Promise<unknown> {
  const json = await sent.json();
  const illFormed = takesValues ? undefined : illFormedAt(json);
  if (illFormed === undefined) return json;
  const field = fieldPath(illFormed);
  throw new Failure("body", {
    field: field === "" ? "body" : field,
    detail: "The text contains a lone surrogate, which is not valid Unicode",
  });
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
  if (cause instanceof StoreError) {
    // The engine logs failed commits; this is a read, or a change of the catalogue.
    api.log.error("The store failed a request", { ray, method: c.req.method, path: c.req.path, reason: String(cause) });
    return storeFailure(cause);
  }
  if (cause instanceof Unserialisable) return new Failure("body", { field: "body", detail: cause.message, cause });
  if (isHungUp(c.req.raw, cause))
    return new Failure("body", { field: "body", detail: "The request ended before its body was complete" });
  const reason = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  api.log.error("A request failed", { ray, method: c.req.method, path: c.req.path, reason });
  return new Failure("internal_server", { detail: `Internal error; search the server's log for ${ray}`, cause });
}

function rayId(uuid: string): string {
  return `${uuid.slice(0, 8)}${uuid.slice(9, 13)}${uuid.slice(14, 18)}-LCL`;
}

function describe({
  method,
  path,
  summary,
  query,
  body,
  result,
  needs,
}: Endpoint): Parameters<OpenAPIHono["openAPIRegistry"]["registerPath"]>[0] {
  const names = namesIn(path);
  const envelope = z.object({
    success: z.literal(true),
    errors: z.array(z.unknown()).max(0),
    messages: z.array(z.object({ code: z.int(), message: z.string() })),
    result,
  });
  return {
    method,
    path,
    summary,
    ...(needs !== "own" && { description: `Needs the role ${needs}.` }),
    request: {
      params: z.object(Object.fromEntries(names.map((name) => [name, paramSchema(name)]))),
      query: query as z.ZodObject,
      ...(body && { body: { required: true, content: { "application/json": { schema: body } } } }),
    },
    responses: {
      200: { description: summary, content: { "application/json": { schema: envelope } } },
      "4XX": { description: "Rejected; nothing has changed", content: { "application/json": { schema: REFUSAL } } },
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
