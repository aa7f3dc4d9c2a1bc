/** A Worker that loads others, deployed by stock wrangler, and the same project in `stepwell dev`. */
import { expect, test } from "vitest";
import { wranglerIn } from "../support/clients.ts";
import { makeProject, startServer, type Project } from "../support/server.ts";

const SOURCE = `
import { WorkerEntrypoint } from "cloudflare:workers";
export class Prices extends WorkerEntrypoint {
  of(what: string) { return what + " at " + this.ctx.props.price; }
}
export default {
  async fetch(request: Request, env: any, ctx: any): Promise<Response> {
    const worker = env.LOADER.get("shop", async () => ({
      compatibilityDate: "2026-11-01",
      mainModule: "main.js",
      modules: { "main.js": 'export default { fetch: async (request, env) => new Response(await env.PRICES.of(await request.text())) }' },
      env: { PRICES: ctx.exports.Prices({ props: { price: 3 } }) },
      globalOutbound: null,
    }));
    return worker.getEntrypoint().fetch("http://shop/", { method: "POST", body: "apples" });
  },
};
`;

const project = (): Promise<Project> =>
  makeProject({
    "wrangler.jsonc": JSON.stringify({
      name: "loads",
      main: "src/index.ts",
      compatibility_date: "2026-11-01",
      worker_loaders: [{ binding: "LOADER" }],
    }),
    "src/index.ts": SOURCE,
  });

test("on a server that it is deployed to", { timeout: 120_000 }, async () => {
  const data = await project();
  const { folder } = data;
  const server = await startServer(["serve", "--data", `${folder}/data`, "--port", "0"]);
  const wrangler = wranglerIn(folder, {
    CLOUDFLARE_API_BASE_URL: `${server.url}/client/v4`,
    CLOUDFLARE_API_TOKEN: await server.firstToken(),
    CLOUDFLARE_ACCOUNT_ID: "local",
  });
  const { code, stdout, stderr } = await wrangler(["deploy"]);
  expect(stdout + stderr).toContain("env.LOADER");
  expect(code).toBe(0);
  expect(await (await fetch(`${server.url}/workers/loads/`)).text()).toBe("apples at 3");
  await server.stop();
  await data.remove();
});

test("in stepwell dev", { timeout: 120_000 }, async () => {
  const data = await project();
  const { folder } = data;
  const server = await startServer(["dev", folder, "--port", "0"]);
  expect(await (await fetch(`${server.url}/workers/loads/`)).text()).toBe("apples at 3");
  await server.stop();
  await data.remove();
});
