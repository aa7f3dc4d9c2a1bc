/** A project under test: its bindings in `env`, its workflows on an engine in memory, its main module imported when needed. */
import { kindOf } from "../bindings/kinds.ts";
import { made } from "../bindings/made.ts";
import { provisionOf } from "../bindings/provisions.ts";
import { WorkflowEntrypoint } from "../runtime/cloudflare/workers.ts";
import { env } from "../runtime/cloudflare/environment.ts";
import { unsupportedBinding } from "../bindings/unsupported/stand-in.ts";
import type { WorkflowClass } from "../runtime/run/runtime.ts";
import type { Binding } from "../ports/catalog/bindings.ts";
import { openTestStepwell } from "../testing/index.ts";
import { exported, type LoadMain } from "./worker.ts";
import { deliverTo } from "./queue.ts";
import type { GivenProject } from "./given.ts";
import { TestStorage } from "./storage.ts";
import { defineWorkerdGlobals } from "./workerd-globals.ts";

/** What is not to be had outside of workerd. */
const ELSEWHERE: Partial<Record<Binding["type"], string>> = {
  durable_object_namespace: "Durable Object, in tests",
  service: "service, in tests",
  assets: "static assets, in tests",
  workflow: "workflow of another Worker, in tests",
  ratelimit: "rate limit, in tests",
  secrets_store_secret: "Secrets Store, in tests",
  analytics_engine: "Analytics Engine, in tests",
  send_email: "Send Email, in tests",
  images: "Images, in tests",
  hyperdrive: "Hyperdrive, in tests",
  worker_loader: "worker loader, in tests",
};

/** The storage of the project that is open. */
let storage: TestStorage | undefined;

/** `reset`: deletes what KV, D1 and R2 have kept for this test file. */
export async function resetStorage(): Promise<void> {
  await storage?.reset();
}

/** Opens it; `load` imports the main module. The answer closes it. */
export async function openProject(project: GivenProject, load: LoadMain): Promise<() => Promise<void>> {
  defineWorkerdGlobals();
  const kept = (storage = new TestStorage());
  const own = new Map(project.workflows.map(({ name, className }) => [name, className]));
  const classes: Record<string, WorkflowClass> = {};
  for (const binding of project.bindings) {
    const className = binding.type === "workflow" ? own.get(binding.workflow) : undefined;
    if (className !== undefined) classes[binding.name] = lazily(load, className);
  }
  const bound = project.bindings
    .filter(({ name }) => !Object.hasOwn(classes, name))
    .map((binding) => [binding.name, valueOf(binding, project, load, kept)] as const);
  const stepwell = await openTestStepwell({ workflows: classes, env: Object.fromEntries(bound) });
  Object.assign(env, stepwell.env);
  exported.open(load, stepwell.env);
  return async () => {
    await stepwell.close();
    await kept.close();
  };
}

function valueOf(binding: Binding, { name, queues }: GivenProject, load: LoadMain, kept: TestStorage): unknown {
  if (binding.type === "queue") return deliverTo(binding.queue, queues, load);
  const provided = provisionOf(name, binding);
  const resource = kindOf(binding).resource?.(binding);
  const isElsewhere = provided.is === "client" || (provided.is === "stub" && resource === undefined);
  if (isElsewhere) return unsupportedBinding(binding.name, ELSEWHERE[binding.type] ?? binding.type);
  return made(binding.name, provided, { call: () => Promise.reject(NO_SERVER), stub: resource && kept.stub(resource) });
}

const NO_SERVER = new Error("There is no server in tests of this plugin");

/** A class whose code is imported when it first runs. */
function lazily(load: LoadMain, className: string): WorkflowClass {
  return class extends WorkflowEntrypoint {
    override async run(...given: Parameters<WorkflowEntrypoint["run"]>): Promise<unknown> {
      const Class = (await load())[className] as (new (context: unknown, env: unknown) => WorkflowEntrypoint) | undefined;
      if (typeof Class !== "function") throw new TypeError(`The main module exports no class "${className}"`);
      return new Class(this.ctx, this.env).run(...given);
    }
  };
}
