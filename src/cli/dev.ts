/** `stepwell dev`: a project on this machine, deployed again whenever one of its files changes. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { styleText } from "node:util";
import { isLoopback } from "../server/hosts.ts";
import type { ProjectConfig } from "../scripts/config/project.ts";
import { deploy, type DevDeployment } from "../scripts/deploy.ts";
import { startServer, type Running } from "./compose.ts";
import { readDevOptions, type DevOptions } from "./dev-options.ts";
import { DevProject, warningsOf, type LoadedProject, type ProjectChange } from "./dev-project.ts";
import { connectQueues } from "./dev-queues.ts";
import { explain, UsageError } from "./explain.ts";
import { provideFirstToken } from "./first-token.ts";
import type { ServerOptions } from "./options.ts";
import { projectAssets } from "./project-assets.ts";
import { untilStopped, type Stopping } from "./stopping.ts";
import { FolderWatch, type Watched } from "./watch.ts";

interface Deployed extends DevDeployment {
  readonly watched: Watched;
  readonly warnings: readonly string[];
  /** True while older code runs than the files have, because they cannot be deployed. */
  readonly isOutdated: boolean;
}

/** Runs until it is asked to stop. */
export async function dev(args: readonly string[]): Promise<void> {
  const given = readDevOptions(args);
  if (!existsSync(given.folder)) throw new UsageError(`There is no folder ${given.folder}`);
  const project = new DevProject(given, (text) => process.stdout.write(`[custom build] ${text}\n`));
  await untilStopped(async (stopping) => {
    try {
      // Mistakes in the project are reported before anything is opened or made.
      const loaded = await Promise.race([project.load("sources"), stopping.asked()]);
      if (loaded !== undefined) await run(project, loaded, given, stopping);
    } finally {
      await project.close();
    }
  });
}

async function run(project: DevProject, loaded: LoadedProject, given: DevOptions, stopping: Stopping): Promise<void> {
  const { config } = loaded;
  const options = listening(given, config);
  const access = isLoopback(options.host) ? "open" : "tokens";
  const data = resolve(options.data ?? join(config.folder, ".stepwell"));
  const running = await startServer(options, data, access, stopping);
  let deployed: Deployed;
  try {
    deployed = await deployProject(running, loaded);
  } catch (cause) {
    await running.stop();
    throw cause;
  }
  running.open();
  if (access === "tokens") await provideFirstToken(running.catalog, data);
  if (config.secretsFrom.length > 0) running.log.info(`Using secrets defined in ${config.secretsFrom.join(", ")}`);
  warn(running, deployed);
  if (options.logLevel === "warn") process.stdout.write(`Ready on ${running.url}\n`);
  else greet(running, deployed, options.accountId);
  const watch = new FolderWatch(async (change) => {
    deployed = await redeploy(running, project, change, watch, deployed);
  });
  watch.follow(deployed.watched);
  const failure = await Promise.race([stopping.asked(), running.ended]);
  watch.close();
  running.log.info("Stopping");
  await running.stop();
  if (failure !== undefined) throw failure;
}

/** What the command line leaves open, the configuration may say. */
function listening({ server, isFree }: DevOptions, { listen }: ProjectConfig): ServerOptions {
  return {
    ...server,
    ...(isFree.host && listen.ip !== undefined && { host: listen.ip }),
    ...(isFree.port && listen.port !== undefined && { port: listen.port }),
  };
}

async function deployProject(running: Running, loaded: LoadedProject): Promise<Deployed> {
  const { config, bundle } = loaded;
  const { assets, inputs, remarks } = await projectAssets(running.assets, config);
  const deployment = await deploy(running.publisher, config, bundle, assets);
  await running.cron.replace(config.name, config.crons);
  await connectQueues(running.queues, config);
  running.deployed();
  const files = [...config.inputs, ...(bundle?.inputs ?? []), ...inputs].filter((path) => !path.includes("/node_modules/"));
  const { directory } = config.assets;
  const watched = { files, sources: config.build?.command?.trees ?? [], trees: directory === undefined ? [] : [directory] };
  return { ...deployment, watched, warnings: [...warningsOf(loaded), ...remarks], isOutdated: false };
}

/** Whatever is wrong with the new code, the old goes on. */
async function redeploy(
  running: Running,
  project: DevProject,
  change: ProjectChange,
  watch: FolderWatch,
  before: Deployed,
): Promise<Deployed> {
  try {
    const deployed = await deployProject(running, await project.load(change));
    watch.follow(deployed.watched);
    if (deployed.warnings.join() !== before.warnings.join()) warn(running, deployed);
    if (deployed.changed) running.log.info(`Deployed ${deployed.script} again`);
    else if (before.isOutdated) running.log.info(`${deployed.script} is up to date again`);
    return deployed;
  } catch (cause) {
    running.log.error(`Not deployed: ${explain(cause)}`);
    watch.followAny();
    return { ...before, isOutdated: true };
  }
}

function warn({ log }: Running, { warnings }: Deployed): void {
  for (const warning of warnings) log.warn(warning);
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
