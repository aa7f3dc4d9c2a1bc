/** What `cloudflare:workers` is in tests. */
import { SELF, type Fetcher } from "./worker.ts";

export * from "../runtime/cloudflare/workers.ts";

/** The Worker's own exports; of those, its default one can be called. */
export const exports: { readonly default: Fetcher } = { default: SELF };
