/**
 * Headers that all answers have. Code that makes an answer takes them and includes them. Headers that were not taken are set
 * afterwards, which costs a list of headers that is checked, sorted and copied.
 */
import { type Context, Hono, type MiddlewareHandler } from "hono";

const KEY = "answer-headers";

type Headers = Readonly<Record<string, string>>;

/** Sees that all answers have the headers that another middleware sets, which are the same for all. */
export function withHeadersOf(middleware: MiddlewareHandler): MiddlewareHandler {
  let headers: Headers | undefined;
  return async (c, next) => {
    headers ??= await headersOf(middleware);
    c.set(KEY, headers);
    await next();
    for (const [name, value] of Object.entries(takeHeaders(c))) c.res.headers.set(name, value);
  };
}

/** The headers, for the code that makes the answer. */
export function takeHeaders(c: Context): Headers {
  const headers = c.get(KEY) as Headers | undefined;
  c.set(KEY, undefined);
  return headers ?? {};
}

async function headersOf(middleware: MiddlewareHandler): Promise<Headers> {
  const app = new Hono();
  app.get("/", middleware, (c) => c.body(null));
  return Object.fromEntries((await app.request("/")).headers);
}
