/** As much of workerd's own modules and globals as the code in the isolates uses. Its types and Node's cannot be had at once. */

declare module "cloudflare:workers" {
  import type { IsolateContext } from "./place.ts";

  export class WorkerEntrypoint {
    protected readonly ctx: IsolateContext;
    protected readonly env: unknown;
  }
  export const env: Record<string, unknown>;
  /** Ends the process, in the workerd that is published. */
  export function abortIsolate(reason: string): never;
}

declare module "cloudflare:workflows" {
  export class NonRetryableError extends Error {}
}
