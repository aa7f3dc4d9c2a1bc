/** All kinds of bindings, by the type that clients call them by. Bindings of a configuration come in this order. */
import type { BindingType } from "../ports/catalog/bindings.ts";
import { analytics } from "./analytics/kind.ts";
import { assets } from "./assets/kind.ts";
import { d1 } from "./d1/kind.ts";
import { email } from "./email/kind.ts";
import { hyperdrive } from "./hyperdrive/kind.ts";
import { images } from "./images/kind.ts";
import { json } from "./json/kind.ts";
import type { Kind } from "./kind.ts";
import { kv } from "./kv/kind.ts";
import { loader } from "./loader/kind.ts";
import { objects } from "./objects/kind.ts";
import { queue } from "./queue/kind.ts";
import { r2 } from "./r2/kind.ts";
import { rateLimit } from "./ratelimit/kind.ts";
import { secret } from "./secret/kind.ts";
import { secretsStore } from "./secrets-store/kind.ts";
import { service } from "./service/kind.ts";
import { text } from "./text/kind.ts";
import { unsupported } from "./unsupported/kind.ts";
import { version } from "./version/kind.ts";
import { workflow } from "./workflow/kind.ts";

export const KINDS: { readonly [T in BindingType]: Kind<T> } = {
  plain_text: text,
  json,
  secret_text: secret,
  kv_namespace: kv,
  d1,
  r2_bucket: r2,
  queue,
  hyperdrive,
  send_email: email,
  images,
  assets,
  service,
  durable_object_namespace: objects,
  workflow,
  worker_loader: loader,
  version_metadata: version,
  ratelimit: rateLimit,
  secrets_store_secret: secretsStore,
  analytics_engine: analytics,
  unsupported,
};

/** The kind of a binding. */
export function kindOf<T extends BindingType>({ type }: { readonly type: T }): Kind<T> {
  return KINDS[type];
}

/** The type by which an upload is read: what no kind is called is unsupported. */
export function knownType(type: string): BindingType {
  return Object.hasOwn(KINDS, type) ? (type as BindingType) : "unsupported";
}
