/** Clients that hang up before they are answered: not an error to report. */

/** True when a request failed because its client has gone. */
export function isHungUp({ signal }: Request, cause: unknown): boolean {
  // A body that ends early says so before the request is known to be aborted.
  return signal.aborted || (cause instanceof Error && "code" in cause && cause.code === "ECONNRESET");
}

/** An answer for a client that will not hear it. */
export function unheard(): Response {
  return new Response(null, { status: 400, headers: { connection: "close" } });
}
