/** Calls to the server, typed by its OpenAPI description. Failures are thrown as `ApiError`. */
import createClient from "openapi-fetch";
import type { paths as OwnPaths } from "./own.d.ts";
import type { paths as CloudflarePaths } from "./v4.d.ts";

/** Says to the server that a request comes from here, and not from another site's form. */
export const OWN_HEADERS = { "x-stepwell-dashboard": "1" } as const;

/** Cloudflare's API. */
export const v4 = createClient<CloudflarePaths>({ baseUrl: "/client/v4", headers: OWN_HEADERS });

/** What the server answers beyond it. */
export const own = createClient<OwnPaths>({ baseUrl: "/api/v1", headers: OWN_HEADERS });

/** The one account that a server has. Any name would do: paths have a place for it. */
export const ACCOUNT = "local";

/** An answer that is no success. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

interface Envelope {
  readonly success: boolean;
  readonly result?: unknown;
}

interface Answered<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/** What goes with a list that is read page by page. */
interface Listed {
  readonly result_info?: { readonly total_count?: number; readonly total_at_least?: boolean; readonly cursor?: string };
}

/** All of an answer. */
export async function envelope<T extends Envelope>(asked: Promise<Answered<T>>): Promise<T & Listed> {
  const { data, error, response } = await asked.catch(() => {
    throw new ApiError(0, 0, "The server does not respond. Is it running?");
  });
  if (data !== undefined) return data;
  throw refusal(response, error);
}

interface Refused {
  readonly errors?: readonly {
    readonly code: number;
    readonly message: string;
    readonly error_chain?: readonly { readonly message: string }[];
  }[];
}

/** What a refusal says of itself, in words for people: where its message is a name for programs, they are below it. */
function refusal({ status }: Response, body: unknown): ApiError {
  const [first] = (body as Refused | undefined)?.errors ?? [];
  if (first === undefined) return new ApiError(status, 0, `The server answered ${status}`);
  const { code, message, error_chain: [reason] = [] } = first;
  if (reason === undefined || !message.startsWith("workflows.api.error.")) return new ApiError(status, code, message);
  // Which part of the address it is about, the page says.
  return new ApiError(status, code, reason.message.replace(/^\w+_(?:name|id): /, ""));
}

/** What an answer is about that no description was asked for. */
export async function resultOf<T>(response: Response): Promise<T> {
  const body = (await response.json()) as { result: T };
  if (!response.ok) throw refusal(response, body);
  return body.result;
}

/** What an answer is about. */
export async function result<T extends Envelope>(asked: Promise<Answered<T>>): Promise<T["result"]> {
  return (await envelope(asked)).result;
}
