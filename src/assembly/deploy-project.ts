/** Deploys a project that has been built to a server in this process, with its assets, its cron triggers and its queues. */
import { deploy, type DevDeployment } from "../workers/deploy/deploy.ts";
import type { ProjectConfig } from "../workers/config/project.ts";
import type { Running } from "./compose.ts";
import { warningsOf, type LoadedProject } from "./project.ts";
import { projectAssets } from "./project-assets.ts";
import { connectQueues } from "./project-queues.ts";

/** What runs of it. */
export interface DeployedProject extends DevDeployment {
  readonly config: ProjectConfig;
  /** All files that it comes from. */
  readonly inputs: readonly string[];
  /** What the user should know. */
  readonly warnings: readonly string[];
}

/** Rejects with a `ProjectError`. */
export async function deployProject(
  running: Pick<Running, "assets" | "publisher" | "queues">,
  loaded: LoadedProject,
): Promise<DeployedProject> {
  const { config, bundle } = loaded;
  const { assets, inputs, remarks } = await projectAssets(running.assets, config);
  const deployment = await deploy(running.publisher, config, bundle, assets);
  await connectQueues(running.queues, config);
  return {
    ...deployment,
    config,
    inputs: [...config.inputs, ...(bundle?.inputs ?? []), ...inputs],
    warnings: [...warningsOf(loaded), ...remarks],
  };
}
