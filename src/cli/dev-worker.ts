/** One Worker of a session of `stepwell dev`: read, built and deployed, and again whenever one of its files changes. */
import { deploy, type DevDeployment } from "../scripts/deploy.ts";
import type { ProjectConfig } from "../scripts/config/project.ts";
import type { Running } from "./compose.ts";
import { DevProject, warningsOf, type LoadedProject, type ProjectChange } from "./dev-project.ts";
import { connectQueues } from "./dev-queues.ts";
import { explain } from "./explain.ts";
import { projectAssets } from "./project-assets.ts";
import { FolderWatch, type Watched } from "./watch.ts";

/** What runs of it. */
export interface Deployed extends DevDeployment {
  readonly config: ProjectConfig;
  readonly watched: Watched;
  readonly warnings: readonly string[];
  /** True while older code runs than the files have, because they cannot be deployed. */
  readonly isOutdated: boolean;
}

export class DevWorker {
  readonly #project: DevProject;
  readonly #watch: FolderWatch;
  #loaded: LoadedProject | undefined;
  #running: Running | undefined;
  #deployed: Deployed | undefined;

  constructor(project: DevProject) {
    this.#project = project;
    this.#watch = new FolderWatch((change) => this.#redeploy(change));
  }

  /** Reads and builds it for the first time. Rejects with a `ProjectError`. */
  async load(): Promise<LoadedProject> {
    return (this.#loaded = await this.#project.load("sources"));
  }

  /** Its configuration as it was read last. */
  get config(): ProjectConfig {
    if (this.#loaded === undefined) throw new Error("The project has not been loaded");
    return this.#loaded.config;
  }

  /** Deploys what has been loaded, and from then on every change. */
  async start(running: Running): Promise<Deployed> {
    if (this.#loaded === undefined) throw new Error("The project has not been loaded");
    this.#running = running;
    this.#deployed = await deployProject(running, this.#loaded);
    this.#watch.follow(this.#deployed.watched);
    return this.#deployed;
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#watch.close();
    await this.#project.close();
  }

  /** Whatever is wrong with the new code, the old goes on. */
  async #redeploy(change: ProjectChange): Promise<void> {
    const [running, before] = [this.#running, this.#deployed];
    if (running === undefined || before === undefined) return;
    const { log } = running;
    try {
      this.#loaded = await this.#project.load(change);
      const deployed = await deployProject(running, this.#loaded);
      this.#deployed = deployed;
      this.#watch.follow(deployed.watched);
      if (deployed.warnings.join() !== before.warnings.join()) for (const warning of deployed.warnings) log.warn(warning);
      if (deployed.changed) log.info(`Deployed ${deployed.script} again`);
      else if (before.isOutdated) log.info(`${deployed.script} is up to date again`);
    } catch (cause) {
      log.error(`Not deployed: ${explain(cause)}`);
      this.#watch.followAny();
      this.#deployed = { ...before, isOutdated: true };
    }
  }
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
  return { ...deployment, config, watched, warnings: [...warningsOf(loaded), ...remarks], isOutdated: false };
}
