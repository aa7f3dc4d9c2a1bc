/** stepwell, as its users start it: `stepwell dev`, one process for each project. */
import { makeProject, startServer, type Server } from "../support/server.ts";
import { COMPATIBILITY_DATE, identifier, type Project } from "./project.ts";
import { lastId } from "./scenario.ts";
import { logOf, type System } from "./system.ts";
import type { Outcome } from "./worker/driver.ts";

interface Started {
  readonly project: Project;
  readonly server: Server;
  stop(): Promise<void>;
}

/** Starts it with these projects. */
export async function startOwn(projects: readonly Project[], executor: string): Promise<System> {
  const started = await Promise.all(projects.map((project) => start(project, executor)));
  return {
    run: async (scenario) => {
      const found = started.find(({ project }) => project.scenarios.includes(scenario));
      if (found === undefined) throw new Error(`${scenario.name} is in no project`);
      const { url } = found.server;
      const get = async (path: string): Promise<unknown> => (await fetch(url + path)).json();
      const outcome = (await get(`/workers/${found.project.name}/${scenario.name}`)) as Outcome;
      if (!("seen" in outcome)) throw new Error(`${scenario.name}: the driver failed: ${JSON.stringify(outcome)}`);
      const log = await get(`/cdn-cgi/local/explorer/api/workflows/${scenario.name}/instances/${lastId(scenario)}`);
      return { ...outcome, log: logOf(log) };
    },
    close: async () => void (await Promise.all(started.map((each) => each.stop()))),
  };
}

async function start(project: Project, executor: string): Promise<Started> {
  const workflows = project.scenarios.map((each) => ({
    name: each.name,
    binding: identifier(each),
    class_name: identifier(each),
    ...(each.maxSteps !== undefined && { limits: { steps: each.maxSteps } }),
  }));
  const { name, flags } = project;
  const config = { name, main: "index.js", compatibility_date: COMPATIBILITY_DATE, compatibility_flags: flags, workflows };
  const folder = await makeProject({ ...project.files, "wrangler.json": JSON.stringify(config) });
  const server = await startServer(["dev", folder.folder, "--port", "0", "--executor", executor]);
  return {
    project,
    server,
    stop: async () => {
      await server.kill();
      // Nothing of the kind is expected of any scenario, and a scenario that failed by it says little.
      for (const line of server.output().split("\n")) if (/ error A commit failed/.test(line)) process.stdout.write(`${line}\n`);
      await folder.remove();
    },
  };
}
