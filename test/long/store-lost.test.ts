/** A server whose data directory is not its own any more: it stops, says why, and its exit code says so as well. */
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeProject, startServer, type Project, type Server } from "../support/server.ts";

let project: Project;

beforeAll(async () => {
  project = await makeProject({
    "wrangler.toml": 'name = "shop"\nmain = "index.js"\n[[workflows]]\nname = "long"\nbinding = "LONG"\nclass_name = "Long"\n',
    "index.js": "export class Long { async run(event, step) { await step.sleep('nap', '1 hour'); } }\nexport default {};\n",
  });
});
afterAll(() => project.remove());

/** The exit code, and the last line that was printed. */
async function endOf(server: Server): Promise<[number | null, string]> {
  if (server.process.exitCode === null) await once(server.process, "close");
  return [server.process.exitCode, server.output().trimEnd().split("\n").at(-1) ?? ""];
}

test("a data directory that is deleted under an idle server ends it", async () => {
  const data = join(project.folder, "gone");
  const server = await startServer(["serve", "--data", data, "--port", "0", "--executor", "node"]);
  await rm(data, { recursive: true });
  const [code, line] = await endOf(server);
  expect([code, line]).toEqual([1, expect.stringMatching(/^stepwell: The data directory was deleted or replaced .+ Put .+\.$/)]);
});

test("a data directory taken over by another process: the request that finds out is refused, and the server exits", async () => {
  const data = join(project.folder, "taken");
  const server = await startServer(["dev", project.folder, "--data", data, "--port", "0", "--executor", "node"]);
  const database = new DatabaseSync(join(data, "stepwell.db"));
  database.exec("UPDATE lease SET owner = 'another', epoch = epoch + 1");
  database.close();
  const refused = await server.call("POST", "/workflows/long/instances", {});
  expect(refused).toMatchObject({ status: 503, errors: [{ code: 10928 }] });
  const [code, line] = await endOf(server);
  expect([code, line]).toEqual([1, expect.stringMatching(/^stepwell: Another process has taken over the data directory/)]);
});
