/** A project: read and built again and again, from what has been parsed already. */
import { Bundler, type Bundle } from "../workers/build/bundle.ts";
import { runCustomBuild } from "../workers/build/custom-build.ts";
import { ProjectError } from "../workers/config/project-error.ts";
import { unsupportedRemark } from "../bindings/unsupported/kind.ts";
import { readProject, type ProjectConfig, type ProjectOptions } from "../workers/config/project.ts";
import type { ServerOptions } from "./server-options.ts";

/** Where a project is looked for, and what counts for more than what it says of itself. */
export interface ProjectSource {
  readonly folder: string;
  readonly options: ProjectOptions;
}

/** What there is to deploy. */
export interface LoadedProject {
  readonly config: ProjectConfig;
  /** Absent when the project is static assets alone. */
  readonly bundle?: Bundle;
}

/** `sources`: what a custom build works from has changed. `files`: something else has. */
export type ProjectChange = "sources" | "files";

/** Threads of Node have all of its modules: nothing is polyfilled for them. */
const ALL_OF_NODE = { compatibilityDate: undefined, compatibilityFlags: ["nodejs_compat"] };

export class Project {
  readonly #folder: string;
  readonly #options: ProjectOptions;
  readonly #isNode: boolean;
  readonly #isStrict: boolean;
  readonly #line: (text: string) => void;
  readonly #bundler: Bundler = new Bundler();
  readonly #stop: AbortController = new AbortController();

  /** `line` gets what a custom build prints. */
  constructor(
    { folder, options }: ProjectSource,
    { executor, policy }: Pick<ServerOptions, "executor" | "policy">,
    line: (text: string) => void,
  ) {
    this.#folder = folder;
    this.#options = options;
    this.#isNode = executor === "node";
    this.#isStrict = policy.isStrict;
    this.#line = line;
  }

  /** Rejects with a `ProjectError`, and once it is closed. */
  async load(change: ProjectChange): Promise<LoadedProject> {
    const { signal } = this.#stop;
    const read = await readProject(this.#folder, this.#options);
    const config = this.#isNode ? read : await withDateWarning(read);
    if (this.#isStrict) refuseUnsupported(config);
    const { build } = config;
    if (build === undefined) return { config };
    if (build.command !== undefined && change === "sources") await runCustomBuild(build.command, this.#line, signal);
    // A build that begins now would never be closed.
    signal.throwIfAborted();
    return { config, bundle: await this.#bundler.build(this.#isNode ? { ...build, ...ALL_OF_NODE } : build) };
  }

  /** Ends the build in progress. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#bundler.close();
  }
}

/** Such a project runs with the newest date that there is. */
async function withDateWarning(config: ProjectConfig): Promise<ProjectConfig> {
  const { NEWEST_DATE } = await import("../executors/workerd/child/binary.ts");
  const { compatibilityDate: date = NEWEST_DATE, warnings } = config;
  if (date <= NEWEST_DATE) return config;
  const warning = `The installed workerd supports compatibility dates up to ${NEWEST_DATE}; it is used instead of ${date}`;
  return { ...config, warnings: [...warnings, warning] };
}

/** `--strict` makes an error of the warning. */
function refuseUnsupported({ file, bindings }: ProjectConfig): void {
  const remark = unsupportedRemark(bindings);
  if (remark !== undefined) throw new ProjectError(`${file}: ${remark} (refused by --strict)`);
}

/** Everything that the user should know of it, once each. */
export function warningsOf({ config, bundle }: LoadedProject): string[] {
  const remark = unsupportedRemark(config.bindings);
  return [...config.warnings, ...(remark === undefined ? [] : [remark]), ...(bundle?.warnings ?? [])];
}

/** Two Workers of one name would replace one another. Throws a `ProjectError`. */
export function checkNames(configs: readonly ProjectConfig[]): void {
  const files = new Map<string, string>();
  for (const { name, file } of configs) {
    const other = files.get(name);
    if (other !== undefined)
      throw new ProjectError(
        `Two Workers of a session cannot have the same name "${name}": change "name" in ${other} or in ${file}`,
      );
    files.set(name, file);
  }
}
