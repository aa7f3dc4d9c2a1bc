/** The package as npm delivers it: packed, installed into an empty folder, and used from there. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { VITEST_PROJECT } from "../support/vitest-project.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stepwell-package-"));
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder], { cwd: root });
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf("["))) as { filename: string; files: { path: string }[] }[];
  expect(packed?.files.map(({ path }) => path).filter((path) => path.startsWith("src/") || path.includes(".test."))).toEqual([]);
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "empty", private: true, type: "module" }));
  await run("npm", ["install", "--no-audit", "--no-fund", join(folder, packed?.filename ?? "")], { cwd: folder });
}, 180_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** `stepwell dev` in the package, while `use` is given its URL. */
async function withDev(args: readonly string[], use: (url: string) => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, [join(folder, "node_modules/.bin/stepwell"), "dev", ...args, "--port", "0"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    let printed = "";
    const url = await new Promise<string>((resolve, reject) => {
      const listen = (chunk: Buffer): void => {
        printed += chunk.toString();
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0];
        if (found !== undefined) resolve(found);
      };
      child.stdout.on("data", listen);
      child.stderr.on("data", listen);
      child.once("exit", (code) => reject(new Error(`stepwell ended with ${code}:\n${printed}`)));
    });
    await use(url);
  } finally {
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    expect(await gone).toEqual([0, null]);
  }
}

test("npx stepwell dev runs a project", { timeout: 60_000 }, async () => {
  await cp(join(root, "examples/orders"), join(folder, "orders"), { recursive: true });
  await withDev(["orders"], async (url) => {
    const workflows = `${url}/client/v4/accounts/local/workflows`;
    const created = await fetch(`${workflows}/orders/instances`, {
      method: "POST",
      body: JSON.stringify({ instance_id: "packed", params: { orderId: "packed", items: [], coolOffSeconds: 0 } }),
    });
    expect(created.status).toBe(200);
    expect(
      (await fetch(`${workflows}/orders/instances/packed/events/approval`, { method: "POST", body: `{"approvedBy":"Ada"}` }))
        .status,
    ).toBe(200);
    const events = await fetch(`${workflows}/orders/instances/packed/subscribe?filter=workflow_completed`, {
      headers: { accept: "text/event-stream" },
    });
    expect(await events.text()).toContain("trk-packed-60");
  });
});

test("Workers keep data, and nothing more is installed for it", { timeout: 60_000 }, async () => {
  await mkdir(join(folder, "keeping"));
  await writeFile(
    join(folder, "keeping/wrangler.toml"),
    'name = "keeping"\nmain = "index.js"\nkv_namespaces = [{ binding = "KV" }]\n',
  );
  const source = `export default { async fetch(request, { KV }) { await KV.put("k", "kept"); return new Response(await KV.get("k")); } };`;
  await writeFile(join(folder, "keeping/index.js"), source);
  expect(existsSync(join(folder, "node_modules/miniflare"))).toBe(false);
  await withDev(["keeping", "--executor", "workerd"], async (url) => {
    expect(await (await fetch(`${url}/workers/keeping/`)).text()).toBe("kept");
  });
});

test("the embedded example runs, and finds its file again", { timeout: 60_000 }, async () => {
  await copyFile(join(root, "examples/embedded/main.ts"), join(folder, "main.ts"));
  for (let i = 0; i < 2; i += 1) {
    const { stdout } = await run(process.execPath, ["main.ts"], { cwd: folder });
    expect(stdout).toMatch(/^[0-9a-f-]{36} complete booked a room in Jodhpur\n$/);
  }
});

test("stepwell/testing introspects a workflow, with nothing else installed", { timeout: 60_000 }, async () => {
  const source = `
import { WorkflowEntrypoint } from "stepwell";
import { env, introspectWorkflowInstance, openTestStepwell } from "stepwell/testing";
class Nap extends WorkflowEntrypoint {
  async run(event, step) {
    await step.sleep("nap", "100 days");
    return step.do("greet", () => "real");
  }
}
await using stepwell = await openTestStepwell({ workflows: { NAP: Nap } });
await using instance = await introspectWorkflowInstance(env.NAP, "one");
await instance.modify((m) => m.mockStepResult({ name: "greet" }, "mocked"));
await env.NAP.create({ id: "one" });
await instance.waitForStatus("complete");
console.log(await instance.getOutput());
`;
  await writeFile(join(folder, "testing.mjs"), source);
  const { stdout } = await run(process.execPath, ["testing.mjs"], { cwd: folder });
  expect(stdout).toBe("mocked\n");
});

test("stepwell/testing runs a Worker in a harness, and calls it", { timeout: 60_000 }, async () => {
  const source = `
import { createTestHarness } from "stepwell/testing";
const config = { name: "packed", main: "packed-worker.js", compatibility_date: "2026-11-01" };
const server = createTestHarness({ workers: [{ config }] });
await server.listen();
console.log(await (await server.fetch("/a")).text(), await (await server.getWorker().getExport()).greet("ada"));
await server.close();
`;
  const worker = `
import { WorkerEntrypoint } from "cloudflare:workers";
export default class extends WorkerEntrypoint {
  greet(name) { return "dear " + name; }
  fetch(request) { return new Response(new URL(request.url).pathname); }
}
`;
  await writeFile(join(folder, "packed-worker.js"), worker);
  await writeFile(join(folder, "harness.mjs"), source);
  const { stdout } = await run(process.execPath, ["harness.mjs"], { cwd: folder });
  expect(stdout).toBe("/a dear ada\n");
});

test("stepwell/vitest runs the tests of a project with two lines of configuration", { timeout: 120_000 }, async () => {
  for (const [path, text] of Object.entries(VITEST_PROJECT)) {
    await mkdir(dirname(join(folder, "tested", path)), { recursive: true });
    await writeFile(join(folder, "tested", path), text);
  }
  await symlink(join(root, "node_modules/vitest"), join(folder, "node_modules/vitest"));
  const report = join(folder, "report.json");
  const vitest = [join(folder, "node_modules/vitest/vitest.mjs"), "run", "--reporter=json", `--outputFile=${report}`];
  await run(process.execPath, vitest, { cwd: join(folder, "tested") });
  const { testResults } = JSON.parse(await readFile(report, "utf8")) as {
    testResults: { assertionResults: { title: string; status: string }[] }[];
  };
  const outcomes = testResults.flatMap(({ assertionResults }) => assertionResults.map(({ status }) => status));
  expect(outcomes).toEqual(["passed", "passed", "passed", "passed", "passed"]);
});
