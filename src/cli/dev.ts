/** `stepwell dev`: a project on this machine, deployed again whenever one of its files changes. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { styleText } from "node:util";
import { isLoopback } from "../server/hosts.ts";
import { bundle } from "../scripts/bundle.ts";
import { readConfig, type ProjectConfig } from "../scripts/config.ts";
import { deploy, type DevDeployment } from "../scripts/deploy.ts";
import { readDevVars } from "../scripts/dev-vars.ts";
import { startServer, type Running } from "./compose.ts";
import { connectQueues } from "./dev-queues.ts";
import { explain, UsageError } from "./explain.ts";
import { provideFirstToken } from "./first-token.ts";
import { readServerOptions, type ServerOptions } from "./options.ts";
import { projectAssets } from "./project-assets.ts";
import { untilStopped, type Stopping } from "./stopping.ts";
import { FolderWatch } from "./watch.ts";

interface Deployed extends DevDeployment {
  readonly config: ProjectConfig;
  /** Files that it was made of. */
  readonly inputs: readonly string[];
}

/** Runs until it is asked to stop. */
export async function dev(args: readonly string[]): Promise<void> {
  const options = readServerOptions(args);
  const [given = ".", ...more] = options.positionals;
  if (more.length > 0) throw new UsageError(`stepwell dev takes one folder, not ${more.length + 1}`);
  const folder = resolve(given);
  if (!existsSync(folder)) throw new UsageError(`There is no folder ${folder}`);
  await untilStopped((stopping) => run(folder, options, stopping));
}

async function run(folder: string, options: ServerOptions, stopping: Stopping): Promise<void> {
  // Mistakes in the project are told before anything is opened or made.
  const { main } = await readConfig(folder);
  await bundle(folder, main);

  const access = isLoopback(options.host) ? "open" : "tokens";
  const data = resolve(options.data ?? join(folder, ".stepwell"));
  const running = await startServer(options, data, access, stopping);
  let deployed: Deployed;
  try {
    deployed = await deployProject(running, folder);
  } catch (cause) {
    await running.stop();
    throw cause;
  }
  running.open();
  if (access === "tokens") await provideFirstToken(running.catalog, data);
  if (options.logLevel === "warn") process.stdout.write(`Ready on ${running.url}\n`);
  else greet(running, deployed, options.accountId);
  const watch = new FolderWatch(() => redeploy(running, folder, watch));
  watch.follow(watched(folder, deployed.inputs));
  const failure = await Promise.race([stopping.asked(), running.ended]);
  watch.close();
  running.log.info("Stopping");
  await running.stop();
  if (failure !== undefined) throw failure;
}

async function deployProject(running: Running, folder: string): Promise<Deployed> {
  const config = await readConfig(folder);
  const made = await bundle(folder, config.main);
  const { assets, inputs, remarks } = await projectAssets(running.assets, folder, config);
  const deployment = await deploy(running.publisher, config, made, await readDevVars(folder), assets);
  await running.cron.replace(config.name, config.triggers?.crons ?? []);
  await connectQueues(running.queues, config);
  running.deployed();
  for (const remark of remarks) running.log.warn(remark);
  if (config.ignored.length > 0)
    running.log.warn(`${config.file}: not supported yet, and left out: ${config.ignored.join(", ")}`);
  return { ...deployment, config, inputs: [...made.inputs, ...inputs] };
}

/** Whatever is wrong with the new code, the old goes on. */
async function redeploy(running: Running, folder: string, watch: FolderWatch): Promise<void> {
  try {
    const { changed, script, inputs } = await deployProject(running, folder);
    watch.follow(watched(folder, inputs));
    if (changed) running.log.info(`Deployed ${script} again`);
  } catch (cause) {
    running.log.error(`Not deployed: ${explain(cause)}`);
  }
}

function watched(folder: string, inputs: readonly string[]): readonly string[] {
  const configuration = ["wrangler.json", "wrangler.jsonc", "wrangler.toml", ".dev.vars"].map((name) => join(folder, name));
  return [...configuration, ...inputs.filter((path) => !path.includes("/node_modules/"))];
}

function greet({ url, port }: Running, { script, workflows }: Deployed, accountId: string): void {
  const bold = (text: string): string => styleText("bold", text);
  const lines = [
    `${bold("stepwell")} runs ${bold(script)} with ${workflows.length === 0 ? "no workflows" : workflows.join(", ")}`,
    `  Browser  ${url}/`,
    `  API      ${url}/client/v4/accounts/${accountId}/workflows`,
    `  Worker   http://${script}.localhost:${port}/ and ${url}/workers/${script}/`,
    `  wrangler workflows list --local --port ${port}`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
