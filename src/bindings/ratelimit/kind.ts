/** A rate limit: how often something may happen in a window of 10 or 60 seconds. */
import { z } from "zod";
import type { Kind } from "../kind.ts";

declare module "../../ports/catalog/bindings.ts" {
  interface BindingTypes {
    ratelimit: {
      /** Bindings of all Workers that have the same one count together. */
      readonly namespaceId: string;
      readonly simple: { readonly limit: number; readonly period: number };
    };
  }
}

const simple = z.object({ limit: z.number().int().positive(), period: z.literal([10, 60]) });

export const rateLimit: Kind<"ratelimit"> = {
  upload: () =>
    z
      .object({ namespace_id: z.string().min(1).max(255), simple })
      .transform(({ namespace_id: namespaceId, simple: bound }) => ({ namespaceId, simple: bound })),
  show: ({ namespaceId, simple: bound }) => ({ namespace_id: namespaceId, simple: bound }),
  describe: ({ simple: { limit, period } }) => ({ what: "Rate Limit", which: `${limit} requests/${period}s` }),
  configured: ({ ratelimits }) =>
    ratelimits.map(({ name, namespace_id: namespaceId, simple: bound }) => ({ name, namespaceId, simple: bound })),
  // Two bindings of one namespace may have different limits, so a call names the binding.
  provide: ({ name }) => ({ is: "client", to: name }),
};
