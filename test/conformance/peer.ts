/** Cloudflare's local engine: Workflows in workerd, started by miniflare, one Worker for each project. */
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../../src/workers/build/bundle.ts";
import { plainBuild } from "../../src/workers/build/options.ts";
import { makeProject } from "../support/server.ts";
import { COMPATIBILITY_DATE, identifier, type Project } from "./project.ts";
import { lastId } from "./scenario.ts";
import { logOf, type System } from "./system.ts";
import type { Outcome } from "./worker/driver.ts";

/** What is used of miniflare, which is installed beside the tests' clients and so is no dependency of ours. */
interface Miniflare {
  readonly ready: Promise<URL>;
  getWorker(name: string): Promise<{ fetch(url: string): Promise<Response> }>;
  dispatchFetch(url: string): Promise<Response>;
  dispose(): Promise<void>;
}

const EXPLORER = "http://localhost/cdn-cgi/local/explorer/api";

/** Starts it with these projects. */
export async function startPeer(projects: readonly Project[]): Promise<System> {
  const folder = await mkdtemp(join(tmpdir(), "stepwell-conformance-"));
  const require = createRequire(new URL("../clients/package.json", import.meta.url));
  const loaded = require("miniflare") as { Miniflare: new (options: object) => Miniflare };
  const miniflare = new loaded.Miniflare({
    // Makes no request to other machines.
    cf: false,
    telemetry: { enabled: false },
    unsafeLocalExplorer: true,
    resourcePersistencePath: folder,
    workers: await Promise.all(projects.map(worker)),
  });
  await miniflare.ready;
  const workers = new Map<string, string>(projects.flatMap((each) => each.scenarios.map(({ name }) => [name, each.name])));
  return {
    run: async (scenario) => {
      const { name } = scenario;
      const handle = await miniflare.getWorker(workers.get(name) ?? "");
      const outcome = (await (await handle.fetch(`http://localhost/${name}`)).json()) as Outcome;
      const log = await miniflare.dispatchFetch(`${EXPLORER}/workflows/${name}/instances/${lastId(scenario)}`);
      return { ...outcome, log: logOf(await log.json()) };
    },
    close: async () => {
      await miniflare.dispose();
      await rm(folder, { recursive: true });
    },
  };
}

async function worker({ name, flags, files, scenarios }: Project): Promise<object> {
  // The bundle that stepwell makes: both systems run the very same code.
  const project = await makeProject(files);
  const { code } = await bundle(plainBuild(project.folder, "index.js"));
  await project.remove();
  const env = scenarios.map((each) => [
    identifier(each),
    {
      type: "workflow",
      name: each.name,
      worker: name,
      exportName: identifier(each),
      ...(each.maxSteps !== undefined && { unsafeConfig: { limits: { steps: each.maxSteps } } }),
    },
  ]);
  const manifest = { mainModule: "index.js", modulesRoot: "/", modules: { "index.js": { type: "esm", contents: code } } };
  const config = { name, compatibilityDate: COMPATIBILITY_DATE, compatibilityFlags: flags, manifest };
  return { config: { ...config, env: Object.fromEntries(env) as object } };
}
