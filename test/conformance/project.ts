/** Worker projects out of scenarios: one for each set of compatibility flags, with all its scenarios as workflows. */
import { fileURLToPath } from "node:url";
import { uneval } from "devalue";
import type { Scenario } from "./scenario.ts";

/** A project, as both systems are given it. */
export interface Project {
  /** Of the Worker. */
  readonly name: string;
  readonly flags: readonly string[];
  readonly scenarios: readonly Scenario[];
  /** Sources by path; `index.js` is the main module. */
  readonly files: Readonly<Record<string, string>>;
}

/** Before `workflows_preserve_non_retryable_error_message` became the default, which the local engine looks for among flags only. */
export const COMPATIBILITY_DATE = "2026-05-01";

/** The name under which a scenario's class is exported and its workflow is bound. */
export const identifier = (scenario: Scenario): string => scenario.name.replaceAll("-", "_");

/** The projects for these scenarios. */
export function projectsOf(scenarios: readonly Scenario[]): readonly Project[] {
  const groups = Map.groupBy(scenarios, ({ flags }) => flags.join(" "));
  return [...groups.values()].map((group, i) => ({
    name: `conformance-${i + 1}`,
    flags: group[0]?.flags ?? [],
    scenarios: group,
    files: { "index.js": mainModule(group), ...Object.fromEntries(group.map((each) => [`${each.name}.js`, module(each)])) },
  }));
}

const source = (path: string): string => JSON.stringify(fileURLToPath(new URL(`worker/${path}`, import.meta.url)));

function mainModule(scenarios: readonly Scenario[]): string {
  const classes = scenarios.map((each) => `export { Scenario as ${identifier(each)} } from "./${each.name}.js";`);
  const scripts = scenarios.map(({ name, script }) => `  ${JSON.stringify(name)}: ${uneval(script)},`);
  return [`import { driver } from ${source("driver.ts")};`, ...classes, "export default driver({", ...scripts, "});"].join("\n");
}

function module({ module: top, run }: Scenario): string {
  return `
import { RpcTarget, WorkflowEntrypoint } from "cloudflare:workers";
import { NonRetryableError } from "cloudflare:workflows";
import { observe } from ${source("observe.ts")};
// Delays of retries are given: stepwell's default is the documented one, the local engine's is a tenth of it.
const retries = (limit, delay = 1, backoff = "constant") => ({ retries: { limit, delay, backoff } });
const once = retries(0);
${top}
export class Scenario extends WorkflowEntrypoint {
  async run(event, step) {
    const { see, caught } = observe(event);
    ${run}
  }
}
`;
}
