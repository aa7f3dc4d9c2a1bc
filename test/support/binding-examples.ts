/** A binding of each kind. A kind without an example does not compile. */
import type { BindingOf, BindingType } from "../../src/ports/catalog/bindings.ts";

/** What only the script may see. */
export const SECRET = "correct horse battery staple";

export const EXAMPLES: { readonly [T in BindingType]: BindingOf<T> } = {
  plain_text: { type: "plain_text", name: "GREETING", text: "hello" },
  json: { type: "json", name: "LIMITS", json: { most: 3 } },
  secret_text: { type: "secret_text", name: "TOKEN", text: SECRET },
  kv_namespace: { type: "kv_namespace", name: "CACHE", id: "0f2ac74b498b48028cb68387c421e279" },
  d1: { type: "d1", name: "DB", id: "c020574a-5623-407b-be0c-cd192bab9545" },
  r2_bucket: { type: "r2_bucket", name: "FILES", bucket: "files" },
  queue: { type: "queue", name: "MAIL", queue: "mail" },
  hyperdrive: { type: "hyperdrive", name: "DB2", id: "57b7076f58be42419276f058a8968187" },
  send_email: { type: "send_email", name: "POST", destinations: ["ada@example.com"], senders: ["shop@example.com"] },
  images: { type: "images", name: "IMAGES" },
  assets: { type: "assets", name: "ASSETS" },
  service: { type: "service", name: "AUTH", service: "auth", entrypoint: "Sessions" },
  durable_object_namespace: { type: "durable_object_namespace", name: "ROOMS", className: "Room", script: "rooms" },
  workflow: { type: "workflow", name: "ORDERS", workflow: "orders", className: "OrderWorkflow" },
  worker_loader: { type: "worker_loader", name: "LOADER" },
  version_metadata: { type: "version_metadata", name: "VERSION", metadata: { id: "", tag: "", timestamp: "" } },
  ratelimit: { type: "ratelimit", name: "LIMIT", namespaceId: "1001", simple: { limit: 100, period: 60 } },
  secrets_store_secret: { type: "secrets_store_secret", name: "API_KEY", storeId: "0f2ac74b498b4802", secret: "api-key" },
  analytics_engine: { type: "analytics_engine", name: "VISITS", dataset: "visits" },
  unsupported: {
    type: "unsupported",
    name: "AI",
    kind: "Workers AI",
    sent: { name: "AI", type: "ai", staging: true },
  },
};
