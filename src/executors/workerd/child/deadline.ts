/** Waits for another process are bounded: one that has stopped answering must not stop this one. */

/** As `awaited`, but rejects with an `Error` that says `what` was waited for when that takes more than `ms` milliseconds. */
export async function within<T>(ms: number, what: string, awaited: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what} took more than ${ms} ms`)), ms);
  try {
    return await Promise.race([awaited, late]);
  } finally {
    clearTimeout(timer);
  }
}
