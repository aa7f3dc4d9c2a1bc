/** The script's side of bindings that lead out of its isolate: Cloudflare's API, over the stub that the loader has put into `env`. */
import type { Facade } from "../executors/workerd/messages.ts";
import { D1Database } from "./d1/database.ts";
import { KvNamespace } from "./kv/namespace.ts";
import { R2Bucket } from "./r2/bucket.ts";
import { DurableObjectNamespace, type ObjectsStub } from "./objects/namespace.ts";

/** Asks what lies behind a binding. */
export interface Stub {
  fetch(url: string, init?: RequestInit & { readonly duplex?: "half" }): Promise<Response>;
}

/** What the script is to find in `env`. */
export function shaped(type: Facade["type"], stub: unknown): unknown {
  switch (type) {
    case "kv_namespace":
      return new KvNamespace(stub as Stub);
    case "durable_object_namespace":
      return new DurableObjectNamespace(stub as ObjectsStub);
    case "assets":
    case "service":
      return stub;
    case "d1":
      return new D1Database(stub as Stub);
    case "r2_bucket":
      return new R2Bucket(stub as Stub);
  }
}
