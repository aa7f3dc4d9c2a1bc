/** Nearly valid requests to every endpoint there is, made of the schemas that describe them. */
import fc from "fast-check";
import { z } from "zod";
import { ENDPOINTS } from "../../../src/api/cloudflare/rest.ts";
import type { Endpoint, Needs } from "../../../src/api/endpoint/endpoint.ts";
import { EXPLORER_ENDPOINTS } from "../../../src/api/explorer/explorer.ts";
import { OWN_ENDPOINTS } from "../../../src/api/own/own.ts";
import { ROLES } from "../../../src/model/platform/roles.ts";
import { mutated, mutations, TEXTS } from "./hostile.ts";
import { valueOf, type JsonSchema } from "./schema.ts";

const APIS: readonly (readonly [prefix: string, endpoints: readonly Endpoint[]])[] = [
  ["/client/v4", ENDPOINTS],
  ["/api/v1", OWN_ENDPOINTS],
  ["/cdn-cgi/local/explorer/api", EXPLORER_ENDPOINTS],
];

/** An endpoint under its whole path. */
export interface Route {
  readonly method: string;
  readonly path: string;
  readonly needs: Needs;
}

export const ROUTES: readonly (Route & Pick<Endpoint, "query" | "body">)[] = APIS.flatMap(([prefix, endpoints]) =>
  endpoints.map(({ method, path, needs, query, body }) => ({
    method: method.toUpperCase(),
    path: prefix + path,
    needs,
    query,
    body,
  })),
);

/** Callers: the roles, none, and one with a token that is wrong. */
export const CALLERS = [...ROLES, "nobody", "stranger"] as const;
export type Caller = (typeof CALLERS)[number];

/** A request before the names of what is there are known. */
export interface RestRequest {
  readonly caller: Caller;
  readonly method: string;
  /** Parameters of the path are in it as `{kind#number}`: the known id of that number, or none. */
  readonly path: string;
  readonly body: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** What stands for what, by the names of fields and of parameters. `{…#n}` is filled in when the request is sent. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  account_id: ["local", "local", "local", "local", "0123456789abcdef0123456789abcdef", "other"],
  workflow_name: ["Quick", "Sleeper", "Waiter", "Failing", "made"],
  workflow: ["Quick", "Waiter"],
  instance_id: ["{instance_id#0}", "{instance_id#1}", "latest", "i-1"],
  id: ["i-1", "i-2", "b"],
  script_name: ["app", "app", "made"],
  worker_id: ["app", "made"],
  class_name: ["Quick", "Sleeper", "Missing"],
  event_type: ["go", "stop"],
  version_id: ["{version_id#0}", "{version_id#1}"],
  key_id: ["{key_id#0}", "{key_id#1}"],
  queue_id: ["{queue_id#0}", "{queue_id#1}"],
  queue_name: ["jobs", "dead"],
  dead_letter_queue: ["dead"],
  consumer_id: ["{consumer_id#0}"],
  namespace_id: ["{namespace_id#0}", "{namespace_id#1}"],
  key_name: ["key", "a%2Fb"],
  database_id: ["{database_id#0}"],
  bucket_name: ["files", "other-files"],
  object_key: ["a.txt", "dir/a.txt"],
  store_id: ["{store_id#0}"],
  secret_id: ["{secret_id#0}"],
  secret_name: ["KEY"],
  subscription_id: ["{subscription_id#0}"],
  tail_id: ["{tail_id#0}"],
  token_id: ["{token_id#0}"],
  user_name: ["ada"],
  action_id: ["{action_id#0}"],
  fingerprint: ["{fingerprint#0}"],
  cursor: ["", "{cursor#0}"],
  name: ["Quick", "jobs", "ada", "echo-1", "approval-1", "nap-1", "KEY", "files"],
  title: ["cache", "other"],
  hostname: ["a.example.com", "*.example.com"],
  pattern: ["a.example.com/*", "example.com/x"],
  cron: ["0 0 1 1 *", "*/5 * * * *", "0 0 1 1 mon"],
  schedules: ["0 0 1 1 *", "0 0 29 2 *"],
  date_start: ["2026-01-01T00:00:00Z"],
  date_end: ["2027-01-01T00:00:00Z"],
  filter: ["workflow_started", "step_completed"],
  error_retention: ["1 day", "30 days"],
  success_retention: ["1 day", "1 hour"],
  sql: ["SELECT 1", "CREATE TABLE IF NOT EXISTS t (a)", "INSERT INTO t VALUES (?)", "SELECT * FROM t", "SELEC"],
  password: ["a long password"],
  lease_id: ["{lease_id#0}"],
};

const names = (field: string): readonly string[] => NAMED[field] ?? [];

/** In paths: as clients should not write them. */
const ODD: readonly string[] = [
  ...TEXTS.map((text) => encodeURIComponent(text.toWellFormed())),
  "%zz",
  "%",
  "%ff",
  "%ed%a0%80",
  "%2e%2e",
  "%252e",
  "..",
  "a;b",
  "a:b@c",
  "%E0%A4%A",
  "x".repeat(9_000),
];

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PROPFIND"];
const TYPES = ["text/plain", "multipart/form-data; boundary=x", "multipart/form-data", "application/json; charset=utf-16", "x"];

const often = <T>(usual: fc.Arbitrary<T>, seldom: fc.Arbitrary<T>, weight: number = 8): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: seldom });

const segment = (name: string): fc.Arbitrary<string> =>
  often(names(name).length === 0 ? fc.constantFrom("none") : fc.constantFrom(...names(name)), fc.constantFrom(...ODD), 12);

function pathOf(pattern: string): fc.Arbitrary<string> {
  const parts = pattern.split(/\{(\w+)\}/);
  const made = parts.map((part, i) => (i % 2 === 0 ? fc.constant(part) : segment(part)));
  const whole = fc.tuple(...made).map((each) => each.join(""));
  return often(whole, fc.tuple(whole, fc.constantFrom(...ODD), fc.nat({ max: 8 })).map(withSegment), 30);
}

/** With one segment in place of another. */
function withSegment([path, odd, at]: [string, string, number]): string {
  const segments = path.split("/");
  segments[at % segments.length] = odd;
  return `/${segments.join("/").replace(/^\/+/, "")}`;
}

const written = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));

function queryOf(schema: JsonSchema): fc.Arbitrary<string> {
  const pairs = valueOf(schema, names).map((each) => Object.entries(each ?? {}));
  const odd = fc.array(
    fc.tuple(fc.constantFrom("page", "per_page", "cursor", "__proto__", "filter", "x"), fc.constantFrom(...TEXTS)),
    {
      maxLength: 2,
    },
  );
  const text = fc
    .tuple(pairs, often(fc.constant<[string, string][]>([]), odd, 3), fc.nat({ max: 9 }))
    .map(([usual, more, chance]) => {
      const all = [...usual, ...more, ...(chance === 9 ? usual.slice(0, 1) : [])];
      return all.map(([name, value]) => `${encoded(name)}=${encoded(written(value))}`).join("&");
    });
  return often(text, fc.constantFrom("%", "&&&=", "a=%zz", `x=${"y".repeat(4_000)}`, "page=1&page=2&page[]=3", "?"), 20);
}

/** Names that are filled in later stay as they are. */
function encoded(text: string): string {
  return /^\{\w+#\d+\}$/.test(text) ? text : encodeURIComponent(text.toWellFormed());
}

const ODD_BODIES: readonly string[] = [
  "",
  " ",
  "{",
  "NaN",
  "[NaN]",
  '{"a":1,"a":2}',
  '{"__proto__":{"name":"x"},"name":"y"}',
  "\ufeff{}",
  "'x'",
  "[".repeat(20_000) + "]".repeat(20_000),
  '{"a":'.repeat(5_000) + "1" + "}".repeat(5_000),
  `"${"x".repeat(1024 * 1024)}"`,
  `[${"0,".repeat(100_000)}0]`,
  '{"status":"pause"}{"status":"resume"}',
  '"\\ud800"',
  '["\\u0000"]',
];

function bodyOf(schema: JsonSchema): fc.Arbitrary<string> {
  const value = fc
    .tuple(valueOf(schema, names), mutations)
    .map(([each, changes]) => JSON.stringify(mutated(each, changes)) ?? "");
  const cut = fc.tuple(value, fc.nat()).map(([text, at]) => text.slice(0, at % (text.length + 1)));
  return often(value, fc.oneof(cut, fc.constantFrom(...ODD_BODIES)), 12);
}

const schemaOf = (schema: z.ZodType): JsonSchema => z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;

function requestTo({ method, path, query, body }: (typeof ROUTES)[number]): fc.Arbitrary<RestRequest> {
  const sent = body === undefined ? often(fc.constant(undefined), fc.constantFrom(...ODD_BODIES), 4) : bodyOf(schemaOf(body));
  const type = often(fc.constant("application/json"), fc.constantFrom(...TYPES), 12);
  return fc.record({
    // The most of what is sent by others than operators is refused before it is read.
    caller: fc.oneof(
      { weight: 6, arbitrary: fc.constant<Caller>("admin") },
      { weight: 6, arbitrary: fc.constantFrom(...CALLERS) },
    ),
    method: often(fc.constant(method), fc.constantFrom(...METHODS), 25),
    path: fc.tuple(pathOf(path), queryOf(schemaOf(query))).map(([where, what]) => (what === "" ? where : `${where}?${what}`)),
    body: sent,
    headers: fc.record(
      {
        "content-type": type,
        accept: fc.constantFrom("text/event-stream", "*/*"),
        "last-event-id": fc.constantFrom("0", "3", "-1", "1e3", "x", ""),
        "if-none-match": fc.constantFrom("*", '"x"'),
        range: fc.constantFrom("bytes=0-0", "bytes=5-1", "bytes=-1", "x"),
      },
      { requiredKeys: ["content-type"] },
    ),
  });
}

/** What is deleted is no longer there for the others. */
const WEIGHTS: Readonly<Record<string, number>> = { GET: 3, DELETE: 1 };

export const restRequest: fc.Arbitrary<RestRequest> = fc.oneof(
  ...ROUTES.map((route) => ({ weight: WEIGHTS[route.method] ?? 5, arbitrary: requestTo(route) })),
);
