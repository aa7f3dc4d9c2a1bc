/** What the plugin hands over to the processes of test files, as JSON. */
import type { Binding } from "../ports/catalog/bindings.ts";
import type { DeclaredWorkflow } from "../ports/catalog.ts";
import type { ProjectConfig } from "../workers/config/project.ts";

/** By this name the setup imports the project's main module. */
export const MAIN_MODULE = "virtual:stepwell/main";

export interface GivenProject {
  readonly name: string;
  readonly bindings: readonly Binding[];
  readonly workflows: readonly DeclaredWorkflow[];
  readonly queues: ProjectConfig["queues"];
  /** False for a project of static assets alone. */
  readonly hasMain: boolean;
}
