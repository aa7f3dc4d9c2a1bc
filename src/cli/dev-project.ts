/** The project that `stepwell dev` runs: read and built again and again, from what has been parsed already. */
import { Bundler, type Bundle } from "../scripts/build/bundle.ts";
import { runCustomBuild } from "../scripts/build/custom-build.ts";
import { readProject, type ProjectConfig, type ProjectOptions } from "../scripts/config/project.ts";
import type { ProjectSource } from "./dev-options.ts";
import type { ServerOptions } from "./options.ts";

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

export class DevProject {
  readonly #folder: string;
  readonly #options: ProjectOptions;
  readonly #isNode: boolean;
  readonly #line: (text: string) => void;
  readonly #bundler: Bundler = new Bundler();
  readonly #stop: AbortController = new AbortController();

  /** `line` gets what a custom build prints. */
  constructor({ folder, options }: ProjectSource, { executor }: Pick<ServerOptions, "executor">, line: (text: string) => void) {
    this.#folder = folder;
    this.#options = options;
    this.#isNode = executor === "node";
    this.#line = line;
  }

  /** Rejects with a `ProjectError`, and once it is closed. */
  async load(change: ProjectChange): Promise<LoadedProject> {
    const { signal } = this.#stop;
    const read = await readProject(this.#folder, this.#options);
    const config = this.#isNode ? read : await withDateWarning(read);
    const { build } = config;
    if (build === undefined) return { config };
    if (build.command !== undefined && change === "sources") await runCustomBuild(build.command, this.#line, signal);
    // A build that begins now would be closed by nobody.
    signal.throwIfAborted();
    return { config, bundle: await this.#bundler.build(this.#isNode ? { ...build, ...ALL_OF_NODE } : build) };
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#bundler.close();
  }
}

/** Such a project runs with the newest date that there is. */
async function withDateWarning(config: ProjectConfig): Promise<ProjectConfig> {
  const { NEWEST_DATE } = await import("../executors/workerd/binary.ts");
  const { compatibilityDate: date = NEWEST_DATE, warnings } = config;
  if (date <= NEWEST_DATE) return config;
  const warning = `The installed workerd supports compatibility dates up to ${NEWEST_DATE}: that is used instead of ${date}`;
  return { ...config, warnings: [...warnings, warning] };
}

/** Everything that the user should know of it, once each. */
export function warningsOf({ config, bundle }: LoadedProject): string[] {
  const unsupported = config.bindings.flatMap((each) => (each.type === "unsupported" ? [`${each.name} (${each.kind})`] : []));
  return [
    ...config.warnings,
    ...(unsupported.length > 0
      ? [`Bindings that are not supported yet; using one throws an error that says so: ${unsupported.join(", ")}`]
      : []),
    ...(bundle?.warnings ?? []),
  ];
}
