/**
 * The Cache API, which workerd does not have in isolates that are loaded. It keeps nothing, as on workers.dev: code that asks its cache
 * first finds nothing there and goes on.
 */

/** As much of workerd's own classes as is replaced. */
interface Caches {
  readonly default: object;
}

/** Replaces what throws. Wrong calls are refused as on Cloudflare. */
export function forgetCaches(caches: Caches): void {
  Object.assign(Object.getPrototypeOf(caches), { open: () => Promise.resolve(caches.default) });
  Object.assign(Object.getPrototypeOf(caches.default), {
    match: () => Promise.resolve(undefined),
    put,
    delete: () => Promise.resolve(false),
  });
}

async function put(request: Request | string | URL, response: Response): Promise<void> {
  if (request instanceof Request && request.method !== "GET") throw new TypeError("Cannot cache response to non-GET request.");
  if (response.status === 206) throw new TypeError("Cannot cache response to a range request (206 Partial Content).");
  if (response.headers.get("vary")?.includes("*") === true) throw new TypeError("Cannot cache response with 'Vary: *' header.");
  await response.body?.cancel();
}
