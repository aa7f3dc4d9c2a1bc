import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { NEWEST_DATE } from "../../executors/workerd/child/binary.ts";
import { readDevOptions } from "./options.ts";
import { Project, warningsOf } from "../../assembly/project.ts";

/** What is said of a project that has this in its configuration. */
async function warningsOn(config: object, ...options: string[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "stepwell-project-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "index.js"), "export default {};");
  await writeFile(join(folder, "wrangler.json"), JSON.stringify({ name: "shop", main: "index.js", ...config }));
  const { projects, server } = readDevOptions([folder, ...options]);
  const project = new Project(projects[0], server, () => {});
  onTestFinished(() => project.close());
  return warningsOf(await project.load("sources"));
}

const warningsFor = (date: string, ...options: string[]): Promise<string[]> =>
  warningsOn({ compatibility_date: date }, ...options);

test("a compatibility date that the installed workerd does not know is warned of", async () => {
  expect(await warningsFor(NEWEST_DATE)).toEqual([]);
  expect(await warningsFor("2999-01-01", "--executor", "node")).toEqual([]);
  expect(await warningsFor("2999-01-01")).toEqual([
    `The installed workerd supports compatibility dates up to ${NEWEST_DATE}; it is used instead of 2999-01-01`,
  ]);
});

test("bindings that stepwell does not have are warned of, and refused by --strict", async () => {
  const config = {
    compatibility_date: NEWEST_DATE,
    ai: { binding: "AI" },
    mtls_certificates: [{ binding: "CLIENT", certificate_id: "c" }],
  };
  const remark = "Unsupported bindings, which throw an error when used: AI (Workers AI), CLIENT (mTLS certificate)";
  expect(await warningsOn(config)).toContain(remark);
  await expect(warningsOn(config, "--strict")).rejects.toThrow(`${remark} (refused by --strict)`);
});
