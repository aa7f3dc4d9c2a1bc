/** Bindings and other parts of a configuration that Cloudflare has and stepwell has not, so that none of them is silently absent. */
import type { Binding } from "../../ports/catalog.ts";
import type { WranglerConfig } from "./wrangler.ts";

/** A binding whose use throws an error that names it. */
export type UnsupportedBinding = Extract<Binding, { type: "unsupported" }>;

/** Kinds of bindings by their key in the configuration. */
const KINDS = {
  agent_memory: "Agent Memory",
  ai: "Workers AI",
  ai_search: "AI Search",
  ai_search_namespaces: "AI Search namespace",
  analytics: "Analytics",
  analytics_engine_datasets: "Analytics Engine",
  artifacts: "Artifacts",
  browser: "Browser Run",
  data_blobs: "data blob",
  dispatch_namespaces: "dispatch namespace",
  flagship: "Flagship",
  hyperdrive: "Hyperdrive",
  images: "Images",
  k2: "K2",
  media: "Media Transformations",
  mtls_certificates: "mTLS certificate",
  pipelines: "Pipelines",
  ratelimits: "rate limit",
  secrets_store_secrets: "Secrets Store",
  send_email: "Email",
  stream: "Stream",
  text_blobs: "text blob",
  unsafe_hello_world: "Hello World",
  vectorize: "Vectorize",
  vpc_networks: "VPC network",
  vpc_services: "VPC service",
  wasm_modules: "Wasm module",
  websearch: "Web Search",
  worker_loaders: "Worker Loader",
} as const satisfies Partial<Record<keyof WranglerConfig, string>>;

/** The bindings of these kinds. */
export function unsupportedBindings(config: WranglerConfig): UnsupportedBinding[] {
  const byKey = Object.entries(KINDS).flatMap(([key, kind]) =>
    namesIn(config[key as keyof typeof KINDS]).map((name): UnsupportedBinding => ({ type: "unsupported", name, kind })),
  );
  const logs = config.logfwdr.bindings.map(({ name }): UnsupportedBinding => ({
    type: "unsupported",
    name,
    kind: "log forwarding",
  }));
  const unsafe = (config.unsafe.bindings ?? []).map(({ name, type }): UnsupportedBinding => ({
    type: "unsupported",
    name,
    kind: type,
  }));
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
