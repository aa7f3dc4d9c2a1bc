/** What a test harness refuses, each under a stable code, with what to do. */

const REFUSALS = {
  not_started: () => "Server has not been started. Start it with server.listen() before calling this method.",
  no_options: () =>
    "Test harness options have not been configured. Pass options to createTestHarness() or call server.update(options) before server.listen().",
  no_workers: () => "Test harness requires at least one worker.",
  other_number: () => "Updating the number of workers running in the server is not supported.",
  no_worker: (name: string) => `Worker ${JSON.stringify(name)} does not exist in this server.`,
  no_binding: (kind: string, name: string, worker: string) =>
    `No ${kind} binding named ${JSON.stringify(name)} found in ${JSON.stringify(worker)} worker.`,
  upgrade: () => "fetch() cannot upgrade to a WebSocket: connect a WebSocket client to the URL that listen() answers.",
  unsupported: (method: string, instead: string) => `${method}() is not supported by stepwell's test harness: ${instead}`,
} as const;

export type HarnessErrorCode = keyof typeof REFUSALS;

/** The texts are those of wrangler's harness where it has them, which throws a `TypeError` for most. */
export class HarnessError extends TypeError {
  override readonly name = "HarnessError";
  readonly code: HarnessErrorCode;

  constructor(code: HarnessErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The error for a refusal. */
export function refusal<Code extends HarnessErrorCode>(code: Code, ...about: Parameters<(typeof REFUSALS)[Code]>): HarnessError {
  const text: (...about: readonly string[]) => string = REFUSALS[code];
  return new HarnessError(code, text(...about));
}
