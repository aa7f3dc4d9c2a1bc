/** Kinds of bindings that Cloudflare has and stepwell has not: what they are called, and what is said of them. */
import type { Binding, UnsupportedBinding } from "../../ports/catalog.ts";

/** Names by the type that uploads use. */
export const UNSUPPORTED_KINDS = {
  agent_memory: "Agent Memory",
  ai: "Workers AI",
  ai_search: "AI Search",
  ai_search_namespace: "AI Search namespace",
  analytics: "Analytics",
  analytics_engine: "Analytics Engine",
  artifacts: "Artifacts",
  browser: "Browser Run",
  data_blob: "data blob",
  dispatch_namespace: "dispatch namespace",
  flagship: "Flagship",
  hyperdrive: "Hyperdrive",
  images: "Images",
  k2: "K2",
  logfwdr: "log forwarding",
  media: "Media Transformations",
  mtls_certificate: "mTLS certificate",
  pipelines: "Pipelines",
  ratelimit: "rate limit",
  secret_key: "Web Crypto key",
  secrets_store_secret: "Secrets Store",
  send_email: "Email",
  stream: "Stream",
  text_blob: "text blob",
  unsafe_hello_world: "Hello World",
  vectorize: "Vectorize",
  vpc_network: "VPC network",
  vpc_service: "VPC service",
  wasm_module: "Wasm module",
  websearch: "Web Search",
  worker_loader: "Worker Loader",
} as const;

/** A type that stepwell does not have. */
export type UnsupportedType = keyof typeof UNSUPPORTED_KINDS;

/** Fields that hold the secret of a key: they are not kept. */
const KEYS: ReadonlySet<string> = new Set(["key_base64", "key_jwk"]);

/** A binding of an upload, of a type that stepwell does not have. What it says is kept, to be given back to clients. */
export function unsupported(sent: { readonly name: string; readonly type: string }): UnsupportedBinding {
  const { name, type } = sent;
  const kind = type in UNSUPPORTED_KINDS ? UNSUPPORTED_KINDS[type as UnsupportedType] : type;
  const kept = Object.entries(sent).filter(([field]) => !KEYS.has(field));
  return { type: "unsupported", name, kind, sent: Object.fromEntries(kept) };
}

/** One sentence that names all such bindings; undefined when there are none. */
export function unsupportedRemark(bindings: readonly Binding[]): string | undefined {
  const named = bindings.flatMap((each) => (each.type === "unsupported" ? [`${each.name} (${each.kind})`] : []));
  if (named.length === 0) return undefined;
  return `Unsupported bindings, which throw an error when used: ${named.join(", ")}`;
}
