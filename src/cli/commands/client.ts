/** Sends requests to the server that wrangler's variables name. */
import { UsageError } from "../../assembly/explain.ts";

/** A response of the API, with the fields that are used here. */
export interface Answer<T> {
  readonly success: boolean;
  readonly errors: readonly { readonly message: string; readonly error_chain?: readonly { readonly message: string }[] }[];
  readonly messages: readonly { readonly message: string }[];
  readonly result: T;
  readonly result_info?: { readonly cursor?: string };
}

/** Cloudflare's API with the account, and the server's own. */
export interface ServerAddress {
  readonly base: string;
  readonly account: string;
  readonly own: string;
}

/** Where the server is. */
export function serverAddress(): ServerAddress {
  const { CLOUDFLARE_API_BASE_URL: given = "http://127.0.0.1:8787/client/v4", CLOUDFLARE_ACCOUNT_ID: id = "local" } = process.env;
  if (!URL.canParse(given)) throw new UsageError(`CLOUDFLARE_API_BASE_URL is not a URL: ${given}`);
  const base = given.replace(/\/+$/, "");
  return {
    base,
    account: `${base}/accounts/${encodeURIComponent(id)}`,
    own: `${base.replace(/\/client\/v4$/, "")}/api/v1`,
  };
}

/** Sends a request with the token. Rejects with a `UsageError` when no server answers. */
export async function send(url: string, init: RequestInit = {}): Promise<Response> {
  const { CLOUDFLARE_API_TOKEN: token } = process.env;
  const headers = new Headers(init.headers);
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  return fetch(url, { ...init, headers }).catch((cause: unknown) => {
    const { base } = serverAddress();
    throw new UsageError(`No server answers at ${base}: start stepwell serve, or set CLOUDFLARE_API_BASE_URL`, { cause });
  });
}

/** The answer in its envelope. Rejects with a `UsageError` that begins with `failed` and says why it was refused. */
export async function answerOf<T>(response: Response, failed: string): Promise<Answer<T>> {
  const answer = (await response.json().catch(() => undefined)) as Answer<T> | undefined;
  if (answer === undefined)
    throw new UsageError(`The server at ${serverAddress().base} is not stepwell (HTTP ${response.status})`);
  if (answer.success) return answer;
  const [{ message, error_chain: chain = [] } = { message: "refused" }] = answer.errors;
  throw new UsageError(`${failed}: ${chain.length === 0 ? message : chain.map((each) => each.message).join(" ")}`);
}
