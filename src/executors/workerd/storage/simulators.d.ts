/** Cloudflare's simulators, which miniflare publishes as modules for workerd; `bundle.ts` finds them by these names. */

declare module "miniflare:kv" {
  export const KVNamespaceObject: import("./gateway.ts").ObjectClass;
}

declare module "miniflare:d1" {
  export const D1DatabaseObject: import("./gateway.ts").ObjectClass;
}

declare module "miniflare:r2" {
  export const R2BucketObject: import("./gateway.ts").ObjectClass;
}
