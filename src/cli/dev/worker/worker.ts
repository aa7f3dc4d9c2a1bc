/** One Worker of a `stepwell dev` session: loaded, built and deployed, and again whenever one of its files changes. */
import type { ProjectConfig } from "../../../workers/config/project.ts";
import type { Running } from "../../../assembly/compose.ts";
import { deployProject, type DeployedProject } from "../../../assembly/deploy-project.ts";
import type { LoadedProject, Project, ProjectChange } from "../../../assembly/project.ts";
import { explain } from "../../../assembly/explain.ts";
import { FileWatch, type Watched } from "./watch.ts";

/** What runs of it. */
export interface Deployed extends DeployedProject {
  readonly watched: Watched;
  /** True while older code runs than the files have, because they cannot be deployed. */
  readonly isOutdated: boolean;
}

export class DevWorker {
  readonly #project: Project;
  readonly #watch: FileWatch;
  #loaded: LoadedProject | undefined;
  /** When its files were begun to be read, in Unix milliseconds. */
  #readAt = 0;
  #running: Running | undefined;
  #deployed: Deployed | undefined;

  constructor(project: Project) {
    this.#project = project;
    this.#watch = new FileWatch((change) => this.#redeploy(change));
  }

  /** Reads and builds it for the first time. Rejects with a `ProjectError`. */
  async load(): Promise<LoadedProject> {
    return await this.#load("sources");
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
    this.#deployed = await deployed(running, this.#loaded);
    await this.#watch.follow(this.#deployed.watched, this.#readAt);
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
      const now = await deployed(running, await this.#load(change));
      this.#deployed = now;
      await this.#watch.follow(now.watched, this.#readAt);
      if (now.warnings.join() !== before.warnings.join()) for (const warning of now.warnings) log.warn(warning);
      if (now.changed) log.info(`Deployed ${now.script} again`);
      else if (before.isOutdated) log.info(`${now.script} is up to date again`);
    } catch (cause) {
      log.error(`Not deployed: ${explain(cause)}`);
      this.#deployed = { ...before, isOutdated: true };
      await this.#watch.followAny(this.#readAt);
    }
  }

  async #load(change: ProjectChange): Promise<LoadedProject> {
    this.#readAt = Date.now();
    return (this.#loaded = await this.#project.load(change));
  }
}

/** Deploys it, and says what of it is to be watched. */
async function deployed(running: Running, loaded: LoadedProject): Promise<Deployed> {
  const deployment = await deployProject(running, loaded);
  const { config, inputs } = deployment;
  const { directory } = config.assets;
  const files = inputs.filter((path) => !path.includes("/node_modules/"));
  const trees = directory === undefined ? [] : [directory];
  return { ...deployment, watched: { files, sources: config.build?.command?.trees ?? [], trees }, isOutdated: false };
}
