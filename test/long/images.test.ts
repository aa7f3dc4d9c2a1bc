/** A Worker that changes images in real workerd: in `dev` by its configuration, and on `serve` by an upload. */
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { uploadOf } from "../support/deploying.ts";
import { makeProject, startServer, type Project, type Server } from "../support/server.ts";

const WORKER = `
import { WorkflowEntrypoint } from "cloudflare:workers";
const caught = (error) => ({ name: error.name, message: error.message, code: error.code });
export class Thumbnails extends WorkflowEntrypoint {
  async run({ payload }, step) {
    const refused = await step.do("refused", { retries: { limit: 0, delay: 0 } }, async () => {
      await this.env.IMAGES.input(new Blob(["no image"]).stream()).output({ format: "image/png" });
    }).catch(caught);
    const size = await step.do("made", async () => {
      const stream = new Blob([Uint8Array.fromBase64(payload)]).stream();
      const made = await this.env.IMAGES.input(stream).transform({ width: 8 }).output({ format: "image/png" });
      const { width, height, format } = await this.env.IMAGES.info(made.image());
      return { width, height, format };
    });
    return { refused, size };
  }
}
export default {
  async fetch(request, { IMAGES, WF }) {
    const { pathname, searchParams } = new URL(request.url);
    try {
      if (pathname === "/info") return Response.json(await IMAGES.info(request.body));
      if (pathname === "/create") return Response.json((await WF.create({ id: searchParams.get("id"), params: await request.text() })).id);
      if (pathname === "/status") return Response.json(await (await WF.get(searchParams.get("id"))).status());
      const made = await IMAGES.input(request.body).transform({ width: 20 }).transform({ rotate: 90 }).output({ format: "image/webp" });
      return made.response({ headers: { "x-type": made.contentType() } });
    } catch (error) {
      return Response.json(caught(error), { status: 400 });
    }
  },
};
`;

const CONFIG = {
  name: "photos",
  main: "index.js",
  compatibility_date: "2026-11-01",
  images: { binding: "IMAGES" },
  workflows: [{ name: "thumbnails", binding: "WF", class_name: "Thumbnails" }],
};

let project: Project;
let data: string;
let image: Buffer<ArrayBuffer>;
let large: Buffer<ArrayBuffer>;
const servers: Record<string, Server> = {};

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), "stepwell-test-"));
  project = await makeProject({ "wrangler.json": JSON.stringify(CONFIG), "index.js": WORKER });
  image = Buffer.from(
    await sharp({ create: { width: 40, height: 20, channels: 3, background: "red" } })
      .png()
      .toBuffer(),
  );
  const noise = {
    create: { width: 1_500, height: 1_000, channels: 3, background: "red", noise: { type: "gaussian", mean: 128, sigma: 30 } },
  };
  large = Buffer.from(
    await sharp(noise as never)
      .png()
      .toBuffer(),
  );
  const [dev, serve] = await Promise.all([
    startServer(["dev", project.folder, "--port", "0"]),
    startServer(["serve", "--data", data, "--port", "0"]),
  ]);
  Object.assign(servers, { dev, serve });
  const metadata = {
    compatibility_date: CONFIG.compatibility_date,
    bindings: [
      { type: "images", name: "IMAGES" },
      { type: "workflow", name: "WF", workflow_name: "thumbnails", class_name: "Thumbnails" },
    ],
  };
  const headers = { authorization: `Bearer ${await serve.firstToken()}` };
  const api = `${serve.url}/client/v4/accounts/local`;
  const uploaded = await fetch(`${api}/workers/scripts/photos`, { method: "PUT", headers, body: uploadOf(WORKER, metadata) });
  expect(await uploaded.text()).toContain(`"success":true`);
  const workflow = JSON.stringify({ script_name: "photos", class_name: "Thumbnails" });
  const put = await fetch(`${api}/workflows/thumbnails`, {
    method: "PUT",
    headers: { ...headers, "content-type": "application/json" },
    body: workflow,
  });
  expect(await put.text()).toContain(`"success":true`);
});

afterAll(async () => {
  await Promise.all(Object.values(servers).map((server) => server.stop()));
  await project.remove();
  await rm(data, { recursive: true });
});

describe.each(["dev", "serve"])("in %s", (system) => {
  const ask = (path: string, body?: Uint8Array<ArrayBuffer>): Promise<Response> =>
    fetch(`${servers[system]?.url}/workers/photos${path}`, body === undefined ? {} : { method: "POST", body });

  test("an image is changed", async () => {
    const made = await ask("/", image);
    const { format, width, height } = await sharp(Buffer.from(await made.arrayBuffer())).metadata();
    expect({ format, width, height }).toEqual({ format: "webp", width: 10, height: 20 });
    expect([made.headers.get("content-type"), made.headers.get("x-type")]).toEqual(["image/webp", "image/webp"]);
  });

  test("an image of several parts is read", async () => {
    expect(large.length).toBeGreaterThan(2 * 1024 * 1024);
    expect(await (await ask("/info", large)).json()).toEqual({
      format: "image/png",
      fileSize: large.length,
      width: 1_500,
      height: 1_000,
    });
  });

  test("what is no image, and too many bytes, are errors with a code", async () => {
    expect(await (await ask("/info", Buffer.from("no image"))).json()).toMatchObject({ code: 9412 });
    expect(await (await ask("/", Buffer.from("no image"))).json()).toMatchObject({
      code: 9412,
      message: expect.stringContaining("IMAGES_TRANSFORM_ERROR 9412: ") as string,
    });
    expect(await (await ask("/", Buffer.alloc(20_000_001))).json()).toMatchObject({ code: 9402 });
    expect((await ask("/", image)).status).toBe(200);
  });

  test("a workflow catches the error of a step, and makes a thumbnail in the next", async () => {
    const id = `one-${system}`;
    await ask(`/create?id=${id}`, Buffer.from(image.toString("base64")));
    const status = async (): Promise<{ status: string; output?: unknown }> => (await ask(`/status?id=${id}`)).json() as never;
    await expect.poll(async () => (await status()).status, { timeout: 20_000 }).toBe("complete");
    expect((await status()).output).toEqual({
      refused: { name: "Error", message: expect.stringContaining("9412") as string },
      size: { width: 8, height: 4, format: "image/png" },
    });
  });
});

test("a server that is killed takes its decoders with it", async () => {
  const { dev } = servers;
  if (dev === undefined) throw new Error("It runs");
  await fetch(`${dev.url}/workers/photos/info`, { method: "POST", body: image });
  const pids = decodersOf(dev.process.pid ?? 0);
  expect(pids.length).toBeGreaterThan(0);
  await dev.kill();
  await expect.poll(() => pids.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 10_000 }).toEqual([]);
});

/** The processes that decode for a server. */
function decodersOf(server: number): string[] {
  const children = readFileSync(`/proc/${server}/task/${server}/children`, "utf8").trim().split(" ");
  return children.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("process-main"));
}
