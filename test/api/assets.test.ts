/** Static assets on their way in: announced, sent and named by an upload; each is what it says it is, or is refused. */
import { randomUUID } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blake3 } from "@noble/hashes/blake3.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LIMITS } from "../../src/model/limits.ts";
import { AssetStore } from "../../src/workers/assets/assets.ts";
import { openDeploying, uploadOf, type Answer, type Deploying } from "../support/deploying.ts";
import { systemClock } from "../../src/system/clock.ts";
import { systemIds } from "../../src/system/ids.ts";

let folder: string;
let api: Deploying;
beforeEach(async () => {
  folder = join(tmpdir(), `stepwell-assets-${randomUUID()}`);
  api = await openDeploying({
    load: () => Promise.resolve(),
    assets: new AssetStore(folder, { clock: systemClock, ids: systemIds }),
  });
});
afterEach(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const hashOf = (text: string, extension: string): string =>
  bytesToHex(blake3(utf8ToBytes(base64(text) + extension))).slice(0, 32);

const HOME = { path: "/index.html", text: "<h1>home</h1>", hash: hashOf("<h1>home</h1>", "html") };
const MAIN = { path: "/main.js", text: "run();", hash: hashOf("run();", "js") };

const announce = (manifest: object): Promise<Answer> => api.call("POST", "shop/assets-upload-session", { manifest });
const manifestOf = (...files: readonly { path: string; text: string; hash: string }[]): object =>
  Object.fromEntries(files.map(({ path, text, hash }) => [path, { hash, size: text.length }]));

const send = (token: string, parts: Readonly<Record<string, string>>): Promise<Answer> => {
  const form = new FormData();
  for (const [hash, text] of Object.entries(parts)) form.set(hash, new File([base64(text)], hash));
  return api.call("POST", "../assets/upload?base64=true", form, { authorization: `Bearer ${token}` });
};

test("files are sent once, and a Worker may consist of nothing else", async () => {
  const { result } = await announce(manifestOf(HOME, MAIN));
  const { jwt, buckets } = result as { jwt: string; buckets: string[][] };
  expect(buckets).toEqual([[HOME.hash, MAIN.hash]]);
  const early = uploadOf("", { main_module: undefined, assets: { jwt } });
  expect(await api.call("PUT", "shop", early)).toMatchObject({ status: 400, errors: [{ code: 10988 }] });
  expect((await send(jwt, { [HOME.hash]: HOME.text })).result).toEqual({});
  expect((await send(jwt, { [MAIN.hash]: MAIN.text })).result).toEqual({ jwt });
  expect((await readdir(folder)).toSorted()).toEqual([HOME.hash, MAIN.hash].toSorted());
  const config = { not_found_handling: "404-page" };
  expect(await api.call("PUT", "shop", uploadOf("", { main_module: undefined, assets: { jwt, config } }))).toMatchObject({
    status: 200,
  });
  expect((await api.catalog.activeScript("shop"))?.assets).toEqual({
    files: {
      "/index.html": { hash: HOME.hash, type: "text/html; charset=utf-8" },
      "/main.js": { hash: MAIN.hash, type: "text/javascript; charset=utf-8" },
    },
    config,
  });
  expect((await announce(manifestOf(HOME, MAIN))).result).toMatchObject({ buckets: [] });
  expect(await api.call("PUT", "shop", uploadOf("export default {};", { keep_assets: true }))).toMatchObject({ status: 200 });
  expect((await api.catalog.activeScript("shop"))?.assets?.files).toHaveProperty(["/main.js"]);
});

test("a file that was not announced with its hash is refused, and not kept", async () => {
  const { jwt } = (await announce(manifestOf(HOME))).result as { jwt: string };
  expect(await send(jwt, { [HOME.hash]: "something else" })).toMatchObject({ status: 400, errors: [{ code: 10989 }] });
  expect(await send(jwt, { [MAIN.hash]: MAIN.text })).toMatchObject({ status: 400, errors: [{ code: 10989 }] });
  expect(await send(jwt, { "../../escape": "x" })).toMatchObject({ status: 400, errors: [{ code: 10989 }] });
  expect(await send("guessed", { [HOME.hash]: HOME.text })).toMatchObject({ status: 403 });
  await expect(readdir(folder)).rejects.toMatchObject({ code: "ENOENT" });
});

test.each<[string, Record<string, { hash: string; size: number }>]>([
  ["a path that does not begin with a slash", { "a.txt": { hash: HOME.hash, size: 1 } }],
  ["a hash that is none", { "/a.txt": { hash: "../../../etc/passwd", size: 1 } }],
  ["a file that is too large", { "/a.txt": { hash: HOME.hash, size: LIMITS.assetBytes + 1 } }],
  [
    "too many files",
    Object.fromEntries(Array.from({ length: LIMITS.assetFiles + 1 }, (_, i) => [`/${i}`, { hash: HOME.hash, size: 1 }])),
  ],
])("%s is refused", async (_, manifest) => {
  expect(await announce(manifest)).toMatchObject({ status: 400, errors: [{ code: 10989 }] });
});

test("as many and as large as may be are taken", async () => {
  const sized = { hash: HOME.hash, size: LIMITS.assetBytes };
  const manifest = Object.fromEntries(Array.from({ length: LIMITS.assetFiles }, (_, i) => [`/${i}`, sized]));
  expect(await announce(manifest)).toMatchObject({ status: 200 });
});

test("the rules of _headers and _redirects are kept with the version, without invalid lines", async () => {
  const { jwt } = (await announce({})).result as { jwt: string };
  const config = { _headers: "/*\n  X-Robots-Tag: noindex\n  nonsense", _redirects: "/old /new 301\nnonsense" };
  const answer = await api.call("PUT", "shop", uploadOf("export default {};", { assets: { jwt, config } }));
  expect(answer).toMatchObject({ status: 200 });
  expect((await api.catalog.activeScript("shop"))?.assets?.config).toEqual({
    headers: { version: 2, rules: { "/*": { set: { "x-robots-tag": "noindex" }, unset: [] } } },
    redirects: { version: 1, staticRules: { "/old": { status: 301, to: "/new", lineNumber: 1 } }, rules: {} },
  });
});
