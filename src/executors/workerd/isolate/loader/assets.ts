/** Static assets in the loader: which requests they answer before the script does, and where their bytes come from. */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { LoadingAssets } from "../../messages.ts";
import { fitsPath } from "./path-pattern.ts";

interface AssetWorker {
  fetch(request: Request): Promise<Response>;
  unstable_canFetch(request: Request): Promise<boolean>;
}

interface Env {
  readonly LOADER: { get(id: string, load: () => unknown): { getEntrypoint(): AssetWorker } };
  readonly ASSETS?: { fetch(url: string): Promise<Response> };
}

interface Props {
  readonly host: string;
}

/** The assets of each isolate. */
const known = new Map<string, LoadingAssets>();

/** `files` makes an entrypoint that reads them. */
export function loadAssets(env: unknown, host: string, assets: LoadingAssets, files: unknown): void {
  known.set(host, assets);
  (env as Env).LOADER.get(nameOf(host), () => ({
    compatibilityDate: "2026-11-01",
    compatibilityFlags: ["nodejs_compat"],
    mainModule: "assets.js",
    modules: { "assets.js": assets.module },
    env: {
      CONFIG: assets.config,
      ASSETS_MANIFEST: Uint8Array.from(atob(assets.manifest), (char) => char.charCodeAt(0)).buffer,
      ASSETS_KV_NAMESPACE: files,
    },
    globalOutbound: null,
  }));
}

/** The answer of an isolate's assets, or of its script, as Cloudflare decides it. */
export async function routed(
  env: unknown,
  host: string,
  request: Request,
  script: (request: Request) => Promise<Response>,
): Promise<Response> {
  const assets = known.get(host);
  if (assets === undefined) return script(request);
  const { pathname } = new URL(request.url);
  const chosen = assets.hasWorker ? choice(assets.workerFirst, pathname) : "assets";
  if (chosen === "script") return script(request);
  const worker = assetWorker(env, host);
  if (chosen === "assets") return worker.fetch(request);
  const { url, method, headers } = request;
  return (await worker.unstable_canFetch(new Request(url, { method, headers }))) ? worker.fetch(request) : script(request);
}

/** Patterns that begin with `!` are for assets, whatever others say. */
function choice(first: LoadingAssets["workerFirst"], pathname: string): "assets" | "script" | "either" {
  if (typeof first === "boolean") return first ? "script" : "either";
  const fits = (pattern: string): boolean => fitsPath(pattern, pathname);
  if (first.some((pattern) => pattern.startsWith("!") && fits(pattern.slice(1)))) return "assets";
  return first.some((pattern) => !pattern.startsWith("!") && fits(pattern)) ? "script" : "either";
}

/** The binding of a script to its assets. */
export class AssetsFacade extends WorkerEntrypoint {
  fetch(request: Request): Promise<Response> {
    return assetWorker(this.env, (this.ctx.props as Props).host).fetch(request);
  }
}

/** What the Worker of Cloudflare takes for a KV namespace: files by the hashes of their content. */
export class AssetFiles extends WorkerEntrypoint {
  async getWithMetadata(hash: string): Promise<{ value: ReadableStream | null; metadata: { contentType?: string } | null }> {
    const { host } = this.ctx.props as Props;
    const answer = await (this.env as Env).ASSETS?.fetch(`http://assets/${hash}`);
    if (answer?.ok !== true) return { value: null, metadata: null };
    const contentType = known.get(host)?.types[hash];
    return { value: answer.body, metadata: contentType === undefined ? {} : { contentType } };
  }
}

function assetWorker(env: unknown, host: string): AssetWorker {
  const isolate = (env as Env).LOADER.get(nameOf(host), () => {
    throw new Error("The assets have not been loaded");
  });
  return isolate.getEntrypoint();
}

function nameOf(host: string): string {
  return `assets of ${host}`;
}
