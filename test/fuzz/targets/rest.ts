/**
 * Nearly valid requests to every endpoint, from every role. An answer is never a fault of the server, an error is one of the
 * catalogue, a role gets no more than it may, and what is refused, or only read, changes nothing.
 */
import { FAILURE_NAMES, failureKind } from "../../../src/model/failures/failure.ts";
import { isRole, mayAct } from "../../../src/model/platform/roles.ts";
import { ROUTES, restRequest, type Caller, type RestRequest } from "../inputs/requests.ts";
import type { Answered, Sent } from "../site/http.ts";
import { openSite, type Site } from "../site/site.ts";
import { fuzzed, type Figures, type Fuzzed, type Target } from "../target.ts";

/** Failures with a status above 499 that are right: the node executor has no storage, and no WebSockets of Workers. */
const BY_DESIGN = ["storage.unavailable", "script.no_sockets"] as const;

const RIGHT: ReadonlySet<number> = new Set(BY_DESIGN.map((name) => failureKind(name).code));

const CODES: ReadonlySet<string> = new Set(
  FAILURE_NAMES.map((name) => {
    const { code, status } = failureKind(name);
    return `${status} ${code}`;
  }),
);

/** wrangler's local API has codes of its own, and no path of ours. */
const PREFIXES: readonly string[] = ["/client/v4/", "/api/v1/", "/cdn-cgi/local/explorer/api/"];
const EXPLORER = "/cdn-cgi/local/explorer/api/";

const READS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Inputs between two looks whether an instance completes. */
const LOOK_INPUTS = 200;

/** Times that a refused request is sent again when something was committed meanwhile. */
const AGAIN = 3;

export const rest: Target = { name: "rest", weight: 4, ciRuns: 2_000, open: (figures) => openRest("node", figures) };
export const restWorkerd: Target = {
  name: "rest-workerd",
  weight: 3,
  ciRuns: 1_000,
  open: (figures) => openRest("workerd", figures),
};

async function openRest(executor: "node" | "workerd", figures: Figures): Promise<Fuzzed> {
  return restOn(await openSite(executor), figures);
}

/** The property, of a site. */
export function restOn(site: Site, figures: Figures): Fuzzed {
  const known = new Known();
  let inputs = 0;
  let definitions = site.definitions();
  const put = async (input: RestRequest): Promise<void> => {
    if (inputs % LOOK_INPUTS === 0) {
      await site.restore();
      await site.lives();
      await site.settle();
      definitions = site.definitions();
    }
    inputs += 1;
    const sent = toSend(input, known, site);
    const before = site.version();
    const answer = await site.client.send(sent);
    // What came of it is not known.
    const isUnheard = answer.status === 0;
    figures(isUnheard ? "hung up on" : answer.status < 400 ? "accepted" : "refused");
    if (!isUnheard) check(input, sent, answer, site);
    const isChange = answer.status < 400 && !READS.has(sent.method);
    if (isChange) {
      known.learn(sent.path, answer);
      if (sent.method === "DELETE") await site.restore();
      await site.settle();
      definitions = site.definitions();
    } else if (site.version() !== before) await unchanged(site, sent, answer, definitions);
  };
  return fuzzed(restRequest, put, { found: FOUND, close: () => site.close() });
}

/** A refused request, or one that reads, came together with a commit: of something else, or of itself? */
async function unchanged(
  site: Site,
  sent: Sent,
  { status, text }: Answered,
  before: Readonly<Record<string, string>>,
): Promise<void> {
  const after = site.definitions();
  const tables = Object.keys(after).filter((table) => after[table] !== before[table]);
  if (tables.length > 0)
    throw new Error(
      `A request that is refused, or reads, has changed ${tables.join(", ")}: ${shown(sent)}\n  ${status} ${text.slice(0, 500)}`,
    );
  for (let again = 0; again < AGAIN; again += 1) {
    await site.settle();
    const version = site.version();
    await site.client.send(sent);
    if (site.version() === version) return;
  }
  throw new Error(`Each time that a request is refused, or reads, something is committed: ${shown(sent)}`);
}

function check({ caller }: RestRequest, sent: Sent, { status, type, text }: Answered, site: Site): void {
  const what = (): string => `${shown(sent)}\n  ${status} ${text.slice(0, 2_000)}`;
  const [logged] = site.errors();
  const isRight = status === 503 || status === 501 ? RIGHT.has(codeOf(text) ?? 0) : false;
  if (status >= 500 && !isRight) throw new Error(`The server is at fault: ${what()}\n  ${logged}`);
  if (logged !== undefined) throw new Error(`The server logs an error: ${what()}\n  ${logged}`);
  const path = normal(sent.path);
  const prefix = PREFIXES.find((each) => path.startsWith(each));
  if (status < 400) {
    if (!isAllowed(caller, sent.method, path)) throw new Error(`${caller} must not be allowed this: ${what()}`);
    return;
  }
  // What is refused by the parser of HTTP has no body.
  if (prefix === undefined || sent.method === "HEAD" || status === 431 || (status === 400 && text === "")) return;
  if (!type.includes("application/json")) throw new Error(`An error is not JSON: ${what()}`);
  const body = JSON.parse(text) as { success?: unknown; errors?: { code?: unknown; message?: unknown }[]; result?: unknown };
  const [error] = body.errors ?? [];
  const isKnown = prefix === EXPLORER || CODES.has(`${status} ${String(error?.code)}`);
  if (body.success !== false || body.result !== null || typeof error?.message !== "string" || !isKnown)
    throw new Error(`An error is not one of the catalogue: ${what()}`);
}

function codeOf(text: string): number | undefined {
  return Number(/"code":(\d+)/.exec(text)?.[1]);
}

/** As the server sees it. */
function normal(path: string): string {
  return URL.parse(path, "http://localhost")?.pathname.replace(/\/{2,}/g, "/") ?? path;
}

const PATTERNS = ROUTES.map(({ method, path, needs }) => ({
  method,
  needs,
  pattern: new RegExp(`^${path.replace("{object_key}", ".+").replace(/\{\w+\}/g, "[^/]+")}/?$`),
}));

/** True when there is an endpoint there that the caller may use, or none of ours. */
function isAllowed(caller: Caller, method: string, path: string): boolean {
  const found = PATTERNS.filter((each) => (each.method === method || method === "HEAD") && each.pattern.test(path));
  if (found.length === 0) return READS.has(method);
  return found.some(({ needs }) => needs === "own" || (isRole(caller) && mayAct(caller, needs)));
}

/** Ids that the server has made, by what they are of. */
class Known {
  readonly #ids = new Map<string, string[]>();

  id(kind: string, at: number): string {
    const ids = this.#ids.get(kind) ?? [];
    return ids.at(-1 - at) ?? "none";
  }

  /** From the answer to a request that made something. */
  learn(path: string, { text }: Answered): void {
    const kind = MADE.find(([tail]) => tail.test(path))?.[1];
    if (kind === undefined || !text.startsWith("{")) return;
    const { result } = JSON.parse(text) as { result?: unknown };
    for (const each of Array.isArray(result) ? (result as unknown[]) : [result]) {
      const made = (each ?? {}) as Record<string, unknown>;
      const id = [made["id"], made["queue_id"], made["consumer_id"], made["uuid"], made["deployment_id"]].find(
        (one) => typeof one === "string",
      );
      if (id !== undefined) this.#ids.set(kind, [...(this.#ids.get(kind) ?? []).slice(-KEPT), id]);
    }
  }
}

const KEPT = 8;

const MADE: readonly (readonly [RegExp, string])[] = [
  [/\/instances(\/batch)?(\?.*)?$/, "instance_id"],
  [/\/actions$/, "action_id"],
  [/\/concurrency$/, "key_id"],
  [/\/queues$/, "queue_id"],
  [/\/consumers$/, "consumer_id"],
  [/\/namespaces$/, "namespace_id"],
  [/\/database$/, "database_id"],
  [/\/stores$/, "store_id"],
  [/\/secrets$/, "secret_id"],
  [/\/subscriptions$/, "subscription_id"],
  [/\/tails$/, "tail_id"],
  [/\/tokens$/, "token_id"],
  [/\/versions$/, "version_id"],
];

function toSend({ caller, method, path, body, headers }: RestRequest, known: Known, site: Site): Sent {
  const filled = (text: string): string =>
    text.replace(/\{(\w+)#(\d)\}/g, (_, kind: string, at: string) => known.id(kind, Number(at)));
  const token = isRole(caller) ? site.token(caller) : "sw_wrong";
  // What no client can write in a path is encoded.
  const ascii = filled(path).replace(/[^\x21-\x7e]/g, (each) => encodeURIComponent(each.toWellFormed()));
  return {
    method,
    path: ascii,
    headers: { ...headers, ...(caller !== "nobody" && { authorization: `Bearer ${token}` }) },
    body: body === undefined ? undefined : filled(body),
  };
}

function shown({ method, path, headers, body }: Sent): string {
  return `${method} ${path} ${JSON.stringify({ ...headers, authorization: "…" })} ${String(body ?? "").slice(0, 2_000)}`;
}

/** Requests that broke a promise once. */
const FOUND: readonly RestRequest[] = [];
