/** A secret of a store as user code knows it (`await env.MY_SECRET.get()`): Cloudflare's `SecretsStoreSecret`. */
import type { Call } from "../../runtime/bindings/calls.ts";

export interface SecretsStoreSecret {
  /** Rejects when there is no such secret. */
  get(): Promise<string>;
}

/** What the server answers. */
export type FoundSecret = { readonly value: string } | { readonly missing: string };

/** A binding that asks `call` each time: a changed secret counts at once. */
export function secretsStoreBinding(call: Call): SecretsStoreSecret {
  return {
    get: async () => {
      const found = (await call("get", [])) as FoundSecret;
      if ("missing" in found) throw new Error(`Secret "${found.missing}" not found`);
      return found.value;
    },
  };
}
