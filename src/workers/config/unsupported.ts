/** Bindings and other parts of a configuration that Cloudflare has and stepwell has not, so that none of them is silently absent. */
import type { UnsupportedBinding } from "../../ports/catalog.ts";
import { unsupported, type UnsupportedType } from "../../bindings/unsupported/kinds.ts";
import type { WranglerConfig } from "./wrangler.ts";

/** Types of bindings by their key in the configuration. */
const TYPES = {
  agent_memory: "agent_memory",
  ai: "ai",
  ai_search: "ai_search",
  ai_search_namespaces: "ai_search_namespace",
  analytics: "analytics",
  analytics_engine_datasets: "analytics_engine",
  artifacts: "artifacts",
  browser: "browser",
  data_blobs: "data_blob",
  dispatch_namespaces: "dispatch_namespace",
  flagship: "flagship",
  hyperdrive: "hyperdrive",
  images: "images",
  k2: "k2",
  media: "media",
  mtls_certificates: "mtls_certificate",
  pipelines: "pipelines",
  ratelimits: "ratelimit",
  secrets_store_secrets: "secrets_store_secret",
  send_email: "send_email",
  stream: "stream",
  text_blobs: "text_blob",
  unsafe_hello_world: "unsafe_hello_world",
  vectorize: "vectorize",
  vpc_networks: "vpc_network",
  vpc_services: "vpc_service",
  wasm_modules: "wasm_module",
  websearch: "websearch",
  worker_loaders: "worker_loader",
} as const satisfies Partial<Record<keyof WranglerConfig, UnsupportedType>>;

/** The bindings of these types. */
export function unsupportedBindings(config: WranglerConfig): UnsupportedBinding[] {
  const byKey = Object.entries(TYPES).flatMap(([key, type]) =>
    namesIn(config[key as keyof typeof TYPES]).map((name) => unsupported({ name, type })),
  );
  const logs = config.logfwdr.bindings.map(({ name }) => unsupported({ name, type: "logfwdr" }));
  const unsafe = (config.unsafe.bindings ?? []).map(({ name, type }) => unsupported({ name, type }));
  return [...byKey, ...logs, ...unsafe];
}

/** Other parts that change what a Worker does on Cloudflare and do nothing here, by key. */
export function unsupportedParts(config: WranglerConfig): string[] {
  const { containers = [], site, streaming_tail_consumers: streaming = [], tail_consumers: tails = [] } = config;
  return [
    ...(containers.length > 0 ? ["containers"] : []),
    ...(site === undefined ? [] : ["site"]),
    ...(streaming.length > 0 ? ["streaming_tail_consumers"] : []),
    ...(tails.length > 0 ? ["tail_consumers"] : []),
  ];
}

/** A list of bindings, a single one, or modules by name. */
function namesIn(part: unknown): string[] {
  if (typeof part !== "object" || part === null) return [];
  if (Array.isArray(part)) return part.flatMap((each: unknown) => nameOf(each));
  const single = nameOf(part);
  return single.length > 0 ? single : Object.keys(part);
}

function nameOf(entry: unknown): string[] {
  if (typeof entry !== "object" || entry === null) return [];
  const { binding, name } = entry as { readonly binding?: unknown; readonly name?: unknown };
  const found = binding ?? name;
  return typeof found === "string" ? [found] : [];
}
