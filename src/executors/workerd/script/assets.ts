/**
 * The part of a loader's message about a script's static assets. They are served by Cloudflare's own Worker for assets, which
 * miniflare publishes; this file makes its configuration, in its own format.
 */
import { createHash } from "node:crypto";
import type { ScriptAssets } from "../../../ports/catalog/script-versions.ts";
import type { LoadingAssets } from "../messages.ts";

const HEADER_BYTES = 20;
const ENTRY_BYTES = 40;
const HASH_BYTES = 16;

/** `hasWorker`: there is code besides, to be asked for what is no asset. */
export function loadingAssets(
  { files, config }: ScriptAssets,
  hasWorker: boolean,
  module: string,
  compatibility: { readonly compatibilityDate: string; readonly compatibilityFlags: readonly string[] },
): LoadingAssets {
  const { run_worker_first: first = false, html_handling, not_found_handling, headers, redirects } = config;
  return {
    module,
    manifest: encodeManifest(files).toString("base64"),
    types: Object.fromEntries(Object.values(files).flatMap(({ hash, type }) => (type === undefined ? [] : [[hash, type]]))),
    workerFirst: hasWorker ? first : false,
    hasWorker,
    config: {
      compatibility_date: compatibility.compatibilityDate,
      compatibility_flags: compatibility.compatibilityFlags,
      ...(html_handling !== undefined && { html_handling }),
      ...(not_found_handling !== undefined && { not_found_handling }),
      ...(headers && { headers }),
      ...(redirects && { redirects }),
      has_static_routing: Array.isArray(first),
    },
  };
}

/** Paths by their hashes, in order: 16 bytes of a path's hash, 16 of its content's, and 8 that are not used. */
function encodeManifest(files: ScriptAssets["files"]): Buffer {
  const entries = Object.entries(files)
    .map(([path, { hash }]) => ({
      path: createHash("sha256").update(path).digest().subarray(0, HASH_BYTES),
      content: Buffer.from(hash, "hex"),
    }))
    .toSorted((a, b) => a.path.compare(b.path));
  const encoded = Buffer.alloc(HEADER_BYTES + entries.length * ENTRY_BYTES);
  entries.forEach(({ path, content }, i) => {
    path.copy(encoded, HEADER_BYTES + i * ENTRY_BYTES);
    content.copy(encoded, HEADER_BYTES + i * ENTRY_BYTES + HASH_BYTES);
  });
  return encoded;
}
