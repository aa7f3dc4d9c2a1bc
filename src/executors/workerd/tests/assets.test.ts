/** Static assets in front of a script: what answers, what is said of it, and the binding. Cloudflare's own Worker decides most of it. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encode } from "../../../model/values/value.ts";
import { readHeaderRules, readRedirects } from "../../../model/platform/assets/rules.ts";
import type { Binding } from "../../../ports/catalog/bindings.ts";
import type { ScriptAssets } from "../../../ports/catalog/script-versions.ts";
import type { Executor, Host } from "../../../ports/executor.ts";
import { contractVersion } from "../../../../test/contracts/executor/script.ts";
import { workerdExecutor } from "../executor.ts";

const noCalls = (): Promise<string> => Promise.resolve(encode(null));

let folder: string;
let executor: Executor;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stepwell-assets-"));
  executor = workerdExecutor({ onLog: () => {}, assets: folder });
});
afterAll(async () => {
  await executor.close();
  await rm(folder, { recursive: true, force: true });
});

const FILES = {
  "/index.html": "<h1>home</h1>",
  "/about.html": "<h1>about</h1>",
  "/404.html": "<h1>not here</h1>",
  "/app/main.js": "run();",
  "/api/static.txt": "static",
};

const WORKER = `export default { async fetch(request, env) {
  if (new URL(request.url).pathname === "/bound") return env.ASSETS.fetch("http://any/app/main.js");
  return new Response("worker " + request.method + " " + new URL(request.url).pathname);
} };`;

let last = 0;

async function open(code: string, config: ScriptAssets["config"]): Promise<Host> {
  const files: Record<string, { hash: string; type: string }> = {};
  for (const [i, [path, content]] of Object.entries(FILES).entries()) {
    const hash = String(i).padStart(32, "a");
    await writeFile(join(folder, hash), content);
    files[path] = { hash, type: path.endsWith(".js") ? "text/javascript" : path.endsWith(".txt") ? "text/plain" : "text/html" };
  }
  const bindings: Binding[] = [{ type: "assets", name: "ASSETS" }];
  return executor.open({ ...contractVersion(code), id: `v${(last += 1)}`, bindings, assets: { files, config } }, noCalls);
}

const ask = async (host: Host, path: string, init?: RequestInit): Promise<[number, string]> => {
  const request = new Request(`http://shop.test${path}`, { redirect: "manual", ...init });
  // As HTTP has it; a `Request` that is made of text does not say it.
  if (typeof init?.body === "string") request.headers.set("content-length", String(init.body.length));
  const response = await host.fetch(request);
  return [response.status, (await response.text()) || (response.headers.get("location") ?? "")];
};

test("assets come first, and what is none goes to the script", async () => {
  const host = await open(WORKER, {});
  expect(await ask(host, "/")).toEqual([200, "<h1>home</h1>"]);
  expect(await ask(host, "/about")).toEqual([200, "<h1>about</h1>"]);
  expect(await ask(host, "/about.html")).toEqual([307, "/about"]);
  expect(await ask(host, "/app/main.js")).toEqual([200, "run();"]);
  expect(await ask(host, "/else")).toEqual([200, "worker GET /else"]);
  expect(await ask(host, "/else", { method: "POST", body: "x" })).toEqual([200, "worker POST /else"]);
  expect(await ask(host, "/", { method: "POST", body: "x" })).toEqual([405, ""]);
  expect(await ask(host, "/bound")).toEqual([200, "run();"]);
  const response = await host.fetch(new Request("http://shop.test/app/main.js"));
  expect([response.headers.get("content-type"), response.headers.has("etag")]).toEqual(["text/javascript", true]);
  const again = { headers: { "if-none-match": response.headers.get("etag") ?? "" } };
  expect(await ask(host, "/app/main.js", again)).toEqual([304, ""]);
});

test("html_handling and not_found_handling are obeyed", async () => {
  const none = await open(WORKER, { html_handling: "none" });
  expect(await ask(none, "/about.html")).toEqual([200, "<h1>about</h1>"]);
  expect(await ask(none, "/about")).toEqual([200, "worker GET /about"]);
  const page = await open("", { not_found_handling: "404-page" });
  expect(await ask(page, "/else")).toEqual([404, "<h1>not here</h1>"]);
  const app = await open("", { not_found_handling: "single-page-application" });
  expect(await ask(app, "/else")).toEqual([200, "<h1>home</h1>"]);
  expect(await ask(await open("", {}), "/else")).toEqual([404, ""]);
});

test("the script may come first, for all or for some", async () => {
  const all = await open(WORKER, { run_worker_first: true });
  expect(await ask(all, "/")).toEqual([200, "worker GET /"]);
  const some = await open(WORKER, { run_worker_first: ["/api/*", "!/api/static*"] });
  expect(await ask(some, "/api/list")).toEqual([200, "worker GET /api/list"]);
  expect(await ask(some, "/api/static.txt")).toEqual([200, "static"]);
  expect(await ask(some, "/")).toEqual([200, "<h1>home</h1>"]);
});

test("_redirects and _headers are obeyed, and leave the script alone", async () => {
  const { rules: redirects } = readRedirects("/old /about 301\n/blog/* /app/:splat\n/shown /app/main.js 200");
  const { rules: headers } = readHeaderRules("/app/*\n  X-Kind: app\n  ! etag");
  const host = await open(WORKER, { redirects, headers });
  expect(await ask(host, "/old")).toEqual([301, "/about"]);
  expect(await ask(host, "/blog/main.js?a=b")).toEqual([302, "/app/main.js?a=b"]);
  expect(await ask(host, "/shown")).toEqual([200, "run();"]);
  expect(await ask(host, "/else")).toEqual([200, "worker GET /else"]);
  const { headers: got } = await host.fetch(new Request("http://shop.test/app/main.js"));
  expect([got.get("x-kind"), got.has("etag")]).toEqual(["app", false]);
});

test("without a folder there are no assets", async () => {
  const none = workerdExecutor({ onLog: () => {} });
  const version = { ...contractVersion(""), assets: { files: {}, config: {} } };
  await expect(none.open(version, noCalls)).rejects.toMatchObject({ failure: "script.binding_unsupported" });
  await none.close();
});
