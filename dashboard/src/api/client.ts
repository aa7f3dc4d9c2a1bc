/** Calls to the server, with the types of its own description. What goes wrong comes as an `ApiError` that says so in words. */
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
    throw new ApiError(0, 0, "The server does not answer. Is it running?");
  });
  if (data !== undefined) return data;
  throw refusal(response, error);
}

/** What a refusal says of itself. */
function refusal({ status }: Response, body: unknown): ApiError {
  const [first] = (body as { errors?: { code: number; message: string }[] } | undefined)?.errors ?? [];
  return new ApiError(status, first?.code ?? 0, first?.message ?? `The server answered ${status}`);
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
