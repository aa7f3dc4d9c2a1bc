/**
 * Uploads of Workers, of versions and of static assets, broken in their parts, their metadata or any byte. What is refused leaves
 * everything as it was; what is accepted can be read back, and a Worker whose code is right answers.
 */
import { extname } from "node:path";
import { blake3 } from "@noble/hashes/blake3.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { ANSWER, bodyOf, uploadInput, type UploadInput } from "../inputs/uploads.ts";
import type { Answered, Sent } from "../site/http.ts";
import { openSite, type Site } from "../site/site.ts";
import { formOf } from "../site/worker.ts";
import { fuzzed, type Figures, type Fuzzed, type Target } from "../target.ts";

const SCRIPTS = "/client/v4/accounts/local/workers/scripts";

/** Inputs between two looks whether an instance completes. */
const LOOK_INPUTS = 200;

/** Inputs between two new beginnings of the Workers that get them. */
const BASE_INPUTS = 25;

export const multipart: Target = { name: "multipart", weight: 3, ciRuns: 60, open: (figures) => open("node", figures) };
export const multipartWorkerd: Target = {
  name: "multipart-workerd",
  weight: 2,
  ciRuns: 60,
  open: (figures) => open("workerd", figures),
};

async function open(executor: "node" | "workerd", figures: Figures): Promise<Fuzzed> {
  return multipartOn(await openSite(executor), figures);
}

/** The property, of a site. */
export function multipartOn(site: Site, figures: Figures): Fuzzed {
  let inputs = 0;
  const put = async (input: UploadInput): Promise<void> => {
    if (inputs % LOOK_INPUTS === 0) {
      await site.restore();
      await site.lives();
    }
    // What Durable Objects a Worker has had decides what is taken: from time to time it begins anew.
    if (inputs % BASE_INPUTS === 0) for (const name of BASES) await deployBase(site, name);
    inputs += 1;
    await site.settle();
    const before = site.definitions();
    const version = site.version();
    const assets = await sendAssets(site, input);
    const sent = uploadOf(site, input, assets);
    const answer = await site.client.send(sent);
    const isAccepted = answer.status < 400;
    figures(isAccepted ? "accepted" : "refused");
    judge(site, sent, answer);
    if (!isAccepted && site.version() !== version) {
      const after = site.definitions();
      const tables = Object.keys(after).filter((table) => after[table] !== before[table]);
      if (tables.length > 0) throw new Error(`A refused upload has changed ${tables.join(", ")}: ${answer.text}`);
    }
    if (isAccepted && input.to !== "assets") await readBack(site, input, answer, figures);
  };
  return fuzzed(uploadInput, put, { close: () => site.close() });
}

/** Workers that versions can be uploaded of. */
const BASES = ["m0", "m1", "m2"];

async function deployBase(site: Site, name: string): Promise<void> {
  const { type, body } = formOf({ code: "export default {};" });
  const headers = { authorization: `Bearer ${site.token("admin")}`, "content-type": type };
  await site.client.send({ method: "DELETE", path: `${SCRIPTS}/${name}?force=true`, headers });
  const { status, text } = await site.client.send({ method: "PUT", path: `${SCRIPTS}/${name}`, headers, body });
  if (status !== 200) throw new Error(`${name} is not deployed: ${status} ${text}`);
}

/** Announces static assets and sends them; the token that an upload names them with. */
async function sendAssets(site: Site, { assets, lie, script, boundary }: UploadInput): Promise<string | undefined> {
  if (Object.keys(assets).length === 0) return undefined;
  const hashOf = (content: string, path: string): string =>
    lie === "hash"
      ? "0".repeat(32)
      : bytesToHex(blake3(utf8ToBytes(Buffer.from(content).toString("base64") + extname(path).slice(1)))).slice(0, 32);
  const files = Object.entries(assets).map(([path, content]) => ({ path, content, hash: hashOf(content, path) }));
  const manifest = Object.fromEntries(
    files.map(({ path, content, hash }) => [path, { hash, size: Buffer.byteLength(content) + (lie === "size" ? 7 : 0) }]),
  );
  const announced = await send(
    site,
    "POST",
    `${encodeURIComponent(script.toWellFormed())}/assets-upload-session`,
    JSON.stringify({ manifest }),
  );
  if (announced.status >= 400) return undefined;
  const { jwt = "" } = (JSON.parse(announced.text) as { result: { jwt?: string } }).result;
  const parts = files.slice(lie === "missing" ? 1 : 0).map(({ hash, content }) => ({
    name: hash,
    filename: hash,
    type: "text/plain",
    content: Buffer.from(lie === "other" ? `${content}x` : content).toString("base64"),
  }));
  const sent: Sent = {
    method: "POST",
    path: "/client/v4/accounts/local/workers/assets/upload?base64=true",
    headers: { authorization: `Bearer ${lie === "token" ? "x" : jwt}`, "content-type": "multipart/form-data; boundary=assets" },
    body: bodyOf(parts, "assets", []),
  };
  judge(site, sent, await site.client.send(sent));
  return boundary === "x" ? "another" : jwt;
}

function uploadOf(
  site: Site,
  { to, script, metadata, parts, boundary, contentType, changes }: UploadInput,
  jwt: string | undefined,
): Sent {
  const isObject = typeof metadata === "object" && metadata !== null && !Array.isArray(metadata);
  const about = isObject && jwt !== undefined ? { ...metadata, assets: { jwt, config: {} } } : metadata;
  const first = { name: "metadata", filename: undefined, type: undefined, content: JSON.stringify(about) ?? "" };
  const name = encodeURIComponent(script.toWellFormed());
  const paths = {
    script: `${SCRIPTS}/${name}`,
    version: `${SCRIPTS}/${name}/versions`,
    assets: "/client/v4/accounts/local/workers/assets/upload?base64=true",
  };
  return {
    method: to === "script" ? "PUT" : "POST",
    path: paths[to],
    headers: {
      authorization: `Bearer ${to === "assets" && jwt !== undefined ? jwt : site.token("admin")}`,
      "content-type": Buffer.from(contentType.replaceAll("{b}", boundary)).toString("latin1"),
    },
    body: bodyOf([first, ...parts], boundary, changes),
  };
}

function judge(site: Site, { method, path, body }: Sent, { status, text }: Answered): void {
  const [logged] = site.errors();
  const what = `${method} ${path} ${String(body).slice(0, 3_000)}\n  ${status} ${text.slice(0, 1_000)}\n  ${logged}`;
  if (status >= 500) throw new Error(`The server is at fault: ${what}`);
  if (logged !== undefined) throw new Error(`The server logs an error: ${what}`);
  const { success } = JSON.parse(text) as { success?: unknown };
  if (success !== status < 400) throw new Error(`Not an envelope: ${what}`);
}

/** What was accepted is the newest version; deployed, it answers when its code is right. */
async function readBack(site: Site, input: UploadInput, { text }: Answered, figures: Figures): Promise<void> {
  const { script, to, changes, answers, parts, assets } = input;
  const { result } = JSON.parse(text) as { result: { id: string; deployment_id?: string } };
  const id = to === "script" ? result.deployment_id : result.id;
  const listed = await send(site, "GET", `${encodeURIComponent(script.toWellFormed())}/versions`);
  const { items } = (JSON.parse(listed.text) as { result: { items: readonly { id: string }[] } }).result;
  if (to === "version" && items[0]?.id !== id) throw new Error(`The newest version is not ${id}: ${listed.text.slice(0, 1_000)}`);
  const isRight = answers && changes.length === 0 && parts.filter(({ name }) => name === "index.js").length === 1;
  const hasOtherMain = (input.metadata as { main_module?: unknown } | null)?.main_module !== "index.js";
  if (to !== "script" || !isRight || hasOtherMain || Object.keys(assets).length > 0) return;
  const called = await site.client.send({ method: "GET", path: "/called", headers: { host: `${script}.localhost` } });
  figures("called");
  if (called.status !== 200 || called.text !== ANSWER)
    throw new Error(
      `A Worker that was accepted answers ${called.status} ${called.text.slice(0, 500)}; ${JSON.stringify(site.errors())}`,
    );
}

function send(site: Site, method: string, path: string, body?: string): Promise<Answered> {
  const headers = { authorization: `Bearer ${site.token("admin")}`, "content-type": "application/json" };
  return site.client.send({ method, path: `${SCRIPTS}/${path}`, headers, body });
}
