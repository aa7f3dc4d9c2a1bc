/**
 * The dashboard's files, as they were built: read once, kept in memory, and found by their exact paths, so that no request
 * comes near the file system. Every page of the dashboard is the same document; its script knows which one is wanted.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

/** Where the build puts them; the same for sources and for the published package. */
const BUILT = fileURLToPath(new URL("../../../dashboard/dist/", import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Files whose names say what is in them never change. */
const FOR_EVER = "public, max-age=31536000, immutable";

interface File {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly gzipped: Uint8Array<ArrayBuffer>;
  readonly etag: string;
  readonly cache: string;
}

/** Scripts, styles and answers are the server's own, and nothing is written into the page. */
export const DASHBOARD_CSP: Readonly<Record<string, string[]>> = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'"],
  connectSrc: ["'self'"],
  frameAncestors: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
};

/** Answers requests for the dashboard; undefined where it has nothing. */
export type Dashboard = (request: Request, path: string) => Response | undefined;

/** Undefined when it has not been built. */
export function openDashboard(folder: string = BUILT): Dashboard | undefined {
  if (!existsSync(join(folder, "index.html"))) return undefined;
  const files = new Map<string, File>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(`/${path.slice(folder.length).replaceAll("\\", "/").replace(/^\//, "")}`, toFile(path));
  }
  const page = files.get("/index.html");
  return (request, path) => {
    const file = files.get(path) ?? (isPage(request, path) ? page : undefined);
    return file && respond(request, file);
  };
}

/** A page has no extension, and is asked for by a browser that goes there. */
function isPage(request: Request, path: string): boolean {
  return request.method === "GET" && extname(path) === "" && (request.headers.get("accept") ?? "").includes("text/html");
}

function toFile(path: string): File {
  const bytes = new Uint8Array(readFileSync(path));
  return {
    type: TYPES[extname(path)] ?? "application/octet-stream",
    bytes,
    gzipped: new Uint8Array(gzipSync(bytes)),
    etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`,
    cache: path.includes("assets") ? FOR_EVER : "no-cache",
  };
}

function respond({ headers }: Request, { type, bytes, gzipped, etag, cache }: File): Response {
  const common = { etag, "cache-control": cache, vary: "accept-encoding" };
  if (headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers: common });
  const zipped = (headers.get("accept-encoding") ?? "").includes("gzip");
  const encoding = zipped ? { "content-encoding": "gzip" } : undefined;
  return new Response(zipped ? gzipped : bytes, { headers: { ...common, ...encoding, "content-type": type } });
}
