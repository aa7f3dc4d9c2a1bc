/**
 * What is known of a request besides itself: who asks, from where, and what of it goes to the audit log. The server notes the
 * first, endpoints the rest.
 */
import type { Context } from "hono";
import type { Principal } from "../../model/platform/roles.ts";

/** Notes on one request. */
export interface Asked {
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

const KEY = "asked";

/** Begins the notes on a request. */
export function beginNotes(c: Context, from: Pick<Asked, "address" | "isSecure">): Asked {
  const asked: Asked = { principal: undefined, ...from, action: undefined, target: [], code: undefined };
  c.set(KEY, asked);
  return asked;
}

/** The notes on a request; anonymous ones when none have begun. */
export function notesOn(c: Context): Asked {
  return (c.get(KEY) as Asked | undefined) ?? beginNotes(c, { address: "", isSecure: false });
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
