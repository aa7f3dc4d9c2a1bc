/** A server that is killed in the middle of a step, several times: the step goes on, though it has no retry. */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeProject, startServer, type Project, type Server } from "../support/server.ts";

const KILLS = 3;

let project: Project;
let server: Server | undefined;
/** Attempts that wait for an answer. */
const calls: ServerResponse[] = [];
const seen = createServer((_, answer) => {
  calls.push(answer);
  seen.emit("called");
});

beforeAll(async () => {
  seen.listen(0, "127.0.0.1");
  await once(seen, "listening");
  const url = `http://127.0.0.1:${(seen.address() as AddressInfo).port}`;
  project = await makeProject({
    "wrangler.toml": 'name = "slow"\nmain = "index.js"\n[[workflows]]\nname = "slow"\nbinding = "SLOW"\nclass_name = "Slow"\n',
    "index.js": `import { WorkflowEntrypoint } from "cloudflare:workers";
      export class Slow extends WorkflowEntrypoint {
        run(event, step) {
          return step.do("ask", { retries: { limit: 0, delay: 0 } }, async () => (await fetch("${url}/")).text());
        }
      }
      export default {};`,
  });
});
afterAll(async () => {
  await server?.kill();
  seen.closeAllConnections();
  seen.close();
  await project.remove();
});

/** Resolves when so many attempts have called. */
async function called(times: number): Promise<void> {
  while (calls.length < times) await once(seen, "called");
}

test("three kills during a step without retries do not fail it", { timeout: 60_000 }, async () => {
  const args = ["dev", project.folder, "--port", "0", "--quiet"];
  server = await startServer(args);
  await server.call("POST", "/workflows/slow/instances", { instance_id: "one" });
  for (let kills = 1; kills <= KILLS; kills += 1) {
    await called(kills);
    await server.kill();
    server = await startServer(args);
  }
  await called(KILLS + 1);
  calls.at(-1)?.end("answered");
  let shown: { readonly status: string };
  do shown = (await server.call("GET", "/workflows/slow/instances/one")).result;
  while (shown.status === "running");
  expect(shown).toMatchObject({ status: "complete", output: '"answered"' });
});
