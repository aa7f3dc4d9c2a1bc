import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AssetStore } from "../workers/assets/assets.ts";
import type { ProjectConfig } from "../workers/config/project.ts";
import { projectAssets } from "./project-assets.ts";
import { systemClock } from "../system/clock.ts";
import { systemIds } from "../system/ids.ts";

const machine = { clock: systemClock, ids: systemIds };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stepwell-project-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const config = (assets: ProjectConfig["assets"]): ProjectConfig => ({ file: "wrangler.json", assets }) as ProjectConfig;

test("files of the folder are kept under their hashes, with their types and what is said of them", async () => {
  await mkdir(join(folder, "public/app"), { recursive: true });
  await writeFile(join(folder, "public/index.html"), "<h1>home</h1>");
  await writeFile(join(folder, "public/app/main.js"), "run();");
  await writeFile(join(folder, "public/app/main.js.map"), "{}");
  await writeFile(join(folder, "public/.assetsignore"), "*.map\n");
  await writeFile(join(folder, "public/_headers"), "/*\n  x: y");
  await writeFile(join(folder, "public/_redirects"), "/a /b\nnonsense");
  const store = new AssetStore(join(folder, "kept"), machine);
  const { assets, inputs, remarks } = await projectAssets(
    store,
    config({ directory: join(folder, "public"), html_handling: "none" }),
  );
  expect(assets?.config).toEqual({
    html_handling: "none",
    headers: { version: 2, rules: { "/*": { set: { x: "y" }, unset: [] } } },
    redirects: { version: 1, staticRules: { "/a": { status: 302, to: "/b", lineNumber: 1 } }, rules: {} },
  });
  expect(remarks).toEqual([expect.stringMatching(/^_redirects:2 is ignored/)]);
  expect(Object.keys(assets?.files ?? {}).toSorted()).toEqual(["/app/main.js", "/index.html"]);
  expect(assets?.files["/index.html"]?.type).toContain("text/html");
  const kept = await readFile(join(folder, "kept", assets?.files["/app/main.js"]?.hash ?? ""), "utf8");
  expect([kept, inputs.length]).toEqual(["run();", 6]);
});

test("a project without assets has none, and a folder that is not there is a mistake", async () => {
  const store = new AssetStore(join(folder, "kept"), machine);
  expect(await projectAssets(store, config({}))).toEqual({ inputs: [], remarks: [] });
  await expect(projectAssets(store, config({ directory: join(folder, "nothing") }))).rejects.toThrow("assets.directory");
});
