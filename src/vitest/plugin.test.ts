import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { GivenProject } from "./given.ts";
import { stepwellTest } from "./plugin.ts";

test("configPath names the configuration that is read", async () => {
  const root = await mkdtemp(join(tmpdir(), "stepwell-plugin-"));
  onTestFinished(() => rm(root, { recursive: true }));
  for (const name of ["wrangler", "other"])
    await writeFile(join(root, `${name}.json`), JSON.stringify({ name, main: "index.js", compatibility_date: "2026-11-01" }));
  await writeFile(join(root, "index.js"), "export default {};");
  const { config } = stepwellTest({ wrangler: { configPath: "other.json" } });
  const made = await (config as (given: { root: string }) => Promise<{ test: { provide: { stepwell: string } } }>)({ root });
  expect((JSON.parse(made.test.provide.stepwell) as GivenProject).name).toBe("other");
});
