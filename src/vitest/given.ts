/** What the plugin hands over to the processes of test files, as JSON. */
import type { ProjectConfig } from "../workers/config/project.ts";

/** By this name the setup imports the project's main module. */
export const MAIN_MODULE = "virtual:stepwell/main";

export interface GivenProject extends Pick<ProjectConfig, "name" | "bindings" | "workflows" | "queues"> {
  /** False for a project of static assets alone. */
  readonly hasMain: boolean;
}
