/** Kinds of bindings that Cloudflare has and stepwell has not. A kind that becomes supported loses its line here. */
import type { Config } from "@cloudflare/workers-utils";

interface UnsupportedKind {
  /** What Cloudflare calls it. */
  readonly title: string;
  /** Where a wrangler configuration has such bindings, if not in `logfwdr` or `unsafe`. */
  readonly key?: keyof Config | "analytics" | "k2";
}

/** By the type that uploads use. */
export const UNSUPPORTED_KINDS: Readonly<Record<string, UnsupportedKind>> = {
  agent_memory: { title: "Agent Memory", key: "agent_memory" },
  ai: { title: "Workers AI", key: "ai" },
  ai_search: { title: "AI Search", key: "ai_search" },
  ai_search_namespace: { title: "AI Search namespace", key: "ai_search_namespaces" },
  analytics: { title: "Analytics", key: "analytics" },
  artifacts: { title: "Artifacts", key: "artifacts" },
  browser: { title: "Browser Run", key: "browser" },
  data_blob: { title: "data blob", key: "data_blobs" },
  dispatch_namespace: { title: "dispatch namespace", key: "dispatch_namespaces" },
  flagship: { title: "Flagship", key: "flagship" },
  k2: { title: "K2", key: "k2" },
  logfwdr: { title: "log forwarding" },
  media: { title: "Media Transformations", key: "media" },
  mtls_certificate: { title: "mTLS certificate", key: "mtls_certificates" },
  pipelines: { title: "Pipelines", key: "pipelines" },
  secret_key: { title: "Web Crypto key" },
  stream: { title: "Stream", key: "stream" },
  text_blob: { title: "text blob", key: "text_blobs" },
  unsafe_hello_world: { title: "Hello World", key: "unsafe_hello_world" },
  vectorize: { title: "Vectorize", key: "vectorize" },
  vpc_network: { title: "VPC network", key: "vpc_networks" },
  vpc_service: { title: "VPC service", key: "vpc_services" },
  wasm_module: { title: "Wasm module", key: "wasm_modules" },
  websearch: { title: "Web Search", key: "websearch" },
};
