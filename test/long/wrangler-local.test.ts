/** Stock wrangler with `--local`: its API for a server on the same machine. */
import { afterAll, beforeAll } from "vitest";
import { PROJECT } from "../support/clients-project.ts";
import { openWrangler } from "../support/clients.ts";
import { makeProject, startServer, type Project, type Server } from "../support/server.ts";
import { wranglerCommands } from "../support/wrangler-commands.ts";

let project: Project;
let server: Server;

beforeAll(async () => {
  project = await makeProject(PROJECT);
  server = await startServer(["dev", project.folder, "--port", "0", "--quiet"]);
});
afterAll(async () => {
  await server.stop();
  await project.remove();
});

wranglerCommands(
  () => server,
  () => openWrangler({}, "--local", "--port", new URL(server.url).port),
);
