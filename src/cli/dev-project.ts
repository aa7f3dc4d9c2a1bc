/** The project that `stepwell dev` runs: read and built again and again, from what has been parsed already. */
import { Bundler, type Bundle } from "../scripts/build/bundle.ts";
import { runCustomBuild } from "../scripts/build/custom-build.ts";
import { readProject, type ProjectConfig, type ProjectOptions } from "../scripts/config/project.ts";

/** What there is to deploy. */
export interface LoadedProject {
  readonly config: ProjectConfig;
  /** Absent when the project is static assets alone. */
  readonly bundle?: Bundle;
}

/** `sources`: what a custom build works from has changed. `files`: something else has. */
export type ProjectChange = "sources" | "files";

export class DevProject {
  readonly #folder: string;
  readonly #options: ProjectOptions;
  readonly #line: (text: string) => void;
  readonly #bundler: Bundler = new Bundler();
  readonly #stop: AbortController = new AbortController();

  /** `line` gets what a custom build prints. */
  constructor(folder: string, options: ProjectOptions, line: (text: string) => void) {
    this.#folder = folder;
    this.#options = options;
    this.#line = line;
  }

  /** Rejects with a `ProjectError`. */
  async load(change: ProjectChange): Promise<LoadedProject> {
    const config = await readProject(this.#folder, this.#options);
    const { build } = config;
    if (build === undefined) return { config };
    if (build.command !== undefined && change === "sources") await runCustomBuild(build.command, this.#line, this.#stop.signal);
    return { config, bundle: await this.#bundler.build(build) };
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#bundler.close();
  }
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
