/**
 * What is known of a request besides itself: who asks, from where, and what of it goes to the audit log. The server notes the
 * first, endpoints the rest.
 */
import type { Context } from "hono";
import type { Principal } from "../../model/platform/roles.ts";

/** Notes on one request. */
export interface RequestAudit {
  /** Undefined until the client is known. */
  principal: Principal | undefined;
  /** Of the network; empty where there is none. */
  readonly address: string;
  /** True when the client is known to speak TLS. */
  readonly isSecure: boolean;
  /** Like `workflows.instances.create`. */
  action: string | undefined;
  /** What it is done to, like `orders` and `1234`. */
  target: readonly string[];
  /** Of the failure that it was refused with. */
  code: number | undefined;
}

const KEY = "request-audit";

/** Begins the notes on a request. */
export function beginAudit(c: Context, from: Pick<RequestAudit, "address" | "isSecure">): RequestAudit {
  const asked: RequestAudit = { principal: undefined, ...from, action: undefined, target: [], code: undefined };
  c.set(KEY, asked);
  return asked;
}

/** The notes on a request; anonymous ones when none have begun. */
export function auditOf(c: Context): RequestAudit {
  return (c.get(KEY) as RequestAudit | undefined) ?? beginAudit(c, { address: "", isSecure: false });
}

const VERBS = { post: "create", put: "set", patch: "change", delete: "delete", get: "read" } as const;

/** Last words of paths that say themselves what is done. */
const VERBAL: ReadonlySet<string> = new Set([
  "ack",
  "delete",
  "export",
  "get",
  "import",
  "purge",
  "pull",
  "query",
  "raw",
  "terminate",
  "upload",
]);

/** What a request to an endpoint is called: the fixed words of its path, and what is done. */
export function actionOf(method: keyof typeof VERBS, path: string): string {
  const words = path.split("/").filter((word) => word !== "" && word !== "accounts" && !word.startsWith("{"));
  return [...words, ...(VERBAL.has(words.at(-1) ?? "") ? [] : [VERBS[method]])].join(".");
}
