/** The execution context that user code knows as `this.ctx`. */
export interface ExecutionContext {
  waitUntil(promise: Promise<unknown>): void;
  passThroughOnException(): void;
  readonly props: unknown;
  readonly exports: Readonly<Record<string, unknown>>;
}
