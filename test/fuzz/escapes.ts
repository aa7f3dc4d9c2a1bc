/** Rejections without a handler and exceptions that nothing caught, of this process: they would end a server. */

const seen: string[] = [];

/** From now on they are kept here, and do not end the process. */
export function watchEscapes(): void {
  const note = (cause: unknown): void =>
    void seen.push(cause instanceof Error ? (cause.stack ?? cause.message) : `A rejection with ${String(cause)}`);
  process.on("unhandledRejection", note);
  process.on("uncaughtException", note);
}

/** Takes the oldest that was seen. */
export function escaped(): string | undefined {
  return seen.shift();
}
