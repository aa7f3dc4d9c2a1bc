/** The script's side of bindings that lead out of its isolate: Cloudflare's API, over the stub that the loader has put into `env`. */
import type { Facade } from "../../messages.ts";
import { D1Database } from "./d1.ts";
import { KvNamespace } from "./kv.ts";
import { R2Bucket } from "./r2.ts";
import { DurableObjectNamespace, type ObjectsStub } from "./objects.ts";
import type { Stub } from "./stub.ts";

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
