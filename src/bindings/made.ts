/**
 * The objects that are made beside user code. This is bundled into every isolate and loaded by every thread of Node: it imports
 * what objects are made of, never a `kind.ts`, and no module that only workerd has.
 */
import type { BindingType } from "../ports/catalog/bindings.ts";
import type { Call, Tell } from "../runtime/bindings/calls.ts";
import { analyticsBinding } from "./analytics/client.ts";
import { D1Database } from "./d1/database.ts";
import type { Provision } from "./kind.ts";
import { emailBinding } from "./email/client.ts";
import { hyperdriveBinding } from "./hyperdrive/database.ts";
import { imagesBinding } from "./images/client.ts";
import { KvNamespace } from "./kv/namespace.ts";
import { WorkerLoader, type LoaderStub } from "./loader/worker-loader.ts";
import { DurableObjectNamespace, type ObjectsStub } from "./objects/namespace.ts";
import { queueBinding } from "./queue/client.ts";
import { R2Bucket } from "./r2/bucket.ts";
import { rateLimitBinding } from "./ratelimit/client.ts";
import { secretsStoreBinding } from "./secrets-store/client.ts";
import type { Stub } from "./stub.ts";
import { unsupportedBinding } from "./unsupported/stand-in.ts";
import { workflowBinding } from "./workflow/client.ts";

/** What an object may be made of. Which of these there is, the kind's provision says. */
interface Parts {
  /** The binding's own name. */
  readonly name: string;
  /** Asks the server. */
  readonly call: Call;
  readonly tell: Tell;
  readonly stub: unknown;
  readonly of: unknown;
}

/** By type. Where none is made, `env` has the stub itself. */
const MAKERS: { readonly [T in BindingType]?: (parts: Parts) => unknown } = {
  kv_namespace: ({ stub }) => new KvNamespace(stub as Stub),
  d1: ({ stub }) => new D1Database(stub as Stub),
  r2_bucket: ({ stub }) => new R2Bucket(stub as Stub),
  durable_object_namespace: ({ stub }) => new DurableObjectNamespace(stub as ObjectsStub),
  worker_loader: ({ stub }) => new WorkerLoader(stub as LoaderStub),
  hyperdrive: ({ name, stub, of }) => hyperdriveBinding(name, stub, of),
  images: ({ call }) => imagesBinding(call),
  send_email: ({ call }) => emailBinding(call),
  queue: ({ call }) => queueBinding(call),
  ratelimit: ({ call }) => rateLimitBinding(call),
  secrets_store_secret: ({ call }) => secretsStoreBinding(call),
  analytics_engine: ({ tell }) => analyticsBinding(tell),
  workflow: ({ call }) => workflowBinding(call),
  unsupported: ({ name, of }) => unsupportedBinding(name, of as string),
};

/** What becomes of a binding, as it is said beside user code: of a stub not what it leads to. */
export type Provided = { readonly type: BindingType } & (
  | Exclude<Provision, { readonly is: "stub" }>
  | { readonly is: "stub"; readonly of?: unknown }
);

/** What objects need of their surroundings. */
export interface Surroundings {
  /** Asks the server by a binding of a type for what it names. */
  readonly call: (type: BindingType, to: string, ...about: Parameters<Call>) => Promise<unknown>;
  /** Tells the server, where that differs from a call whose answer is not read. */
  readonly tell?: (type: BindingType, to: string, ...about: Parameters<Tell>) => void;
  readonly stub?: unknown;
}

/** What `env` has under a name. */
export function made(name: string, provided: Provided, { call, tell, stub }: Surroundings): unknown {
  const { type, is } = provided;
  if (is === "value") return provided.value;
  const make = MAKERS[type] ?? (() => stub);
  const to = is === "client" ? provided.to : "";
  return make({
    name,
    stub,
    of: "of" in provided ? provided.of : undefined,
    call: (...about) => call(type, to, ...about),
    tell: (...about) => (tell === undefined ? void call(type, to, ...about).catch(() => {}) : tell(type, to, ...about)),
  });
}
