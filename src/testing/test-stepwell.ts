/**
 * An engine for the tests of a user's workflows: in this process, in memory, with bindings like those of a Worker. Sleeps
 * and retry delays take no time: when nothing is under way, the clock is put forward to the next end of one.
 */
import { bindingHandler } from "../api/binding/workflow.ts";
import { openEngine } from "../engine/open.ts";
import { inProcessExecutor } from "../executors/in-process/executor.ts";
import { Failure } from "../model/failures/failure.ts";
import { isWorkflowName } from "../model/platform/names.ts";
import { CALL_DEPTH, decode, encode } from "../model/values/value.ts";
import type { BindingHandler } from "../ports/executor.ts";
import { type Workflow, workflowBinding } from "../bindings/workflow/client.ts";
import { systemIds } from "../system/ids.ts";
import type { WorkflowClass } from "../runtime/run/runtime.ts";
import { openMemoryStore } from "../stores/memory/open.ts";
import { Hosts } from "../workers/hosts/hosts.ts";
import { deployClasses } from "./engine-bench.ts";
import { register } from "./introspection.ts";
import { skippingClock } from "./skipping-clock.ts";
import { TestBed } from "./test-bed.ts";
import { skipTime } from "./time-skip.ts";

/** What to open. */
export interface TestStepwellOptions<Binding extends string> {
  /** Classes by the name of their binding, which is the name of the workflow, too. */
  readonly workflows: Readonly<Record<Binding, WorkflowClass>>;
  /** What else is in `env`. */
  readonly env?: Readonly<Record<string, unknown>>;
  /** The delay before a step's first retry when it names none, in milliseconds. Default 10,000, as on Cloudflare. */
  readonly defaultRetryDelayMs?: number;
}

/** An open engine with its bindings. */
export interface TestStepwell<Binding extends string = never> extends AsyncDisposable {
  /** What the classes find as `this.env`, and the tests as `env`: a binding for each workflow. */
  readonly env: Readonly<Record<Binding, Workflow>> & Readonly<Record<string, unknown>>;
  /** Milliseconds of sleeps and retry delays that have been skipped so far. */
  readonly skippedMs: number;
  close(): Promise<void>;
}

/** The types of `env`. A test declares them, as for `cloudflare:test`: `interface ProvidedEnv extends Env {}`. */
export interface ProvidedEnv {}

const provided = {} as ProvidedEnv & Record<string, unknown>;

/** The `env` of the engine that was opened last, as `cloudflare:test` gives it. Empty while none is open. */
export const env: ProvidedEnv = provided;

/**
 * Opens an engine for tests.
 *
 * @throws Failure `workflow.invalid_name` for a name of a binding that cannot be the name of a workflow.
 */
export async function openTestStepwell<Binding extends string>(
  options: TestStepwellOptions<Binding>,
): Promise<TestStepwell<Binding>> {
  const names = Object.keys(options.workflows) as Binding[];
  for (const name of names) if (!isWorkflowName(name)) throw new Failure("workflow.invalid_name", { field: name });
  const { store, catalog } = openMemoryStore();
  await deployClasses(catalog, names);
  const clock = skippingClock();
  const bed = new TestBed(store);
  skipTime(store, clock, names, bed.closed);
  let answer: BindingHandler | undefined;
  const bindings = names.map((workflow) => {
    const binding = workflowBinding(async (method, args) => {
      if (answer === undefined) throw new Failure("shutting_down");
      return decode(await answer({ to: "workflow", name: workflow, method, args: encode(args, CALL_DEPTH) }));
    });
    register(binding, bed, workflow);
    return [workflow, binding] as const;
  });
  const own = { ...options.env, ...Object.fromEntries(bindings) } as TestStepwell<Binding>["env"];
  const executor = inProcessExecutor({ classes: options.workflows, env: own, now: () => clock.now() });
  const engine = await openEngine({
    store,
    catalog,
    hosts: new Hosts({ executor, clock }),
    arrangements: bed.arrangements,
    clock,
    ids: systemIds,
    settings: options.defaultRetryDelayMs === undefined ? {} : { defaultRetryDelayMs: options.defaultRetryDelayMs },
  });
  bed.opened(engine);
  answer = bindingHandler(engine, AbortSignal.any([]));
  engine.start();
  Object.assign(provided, own);
  const close = async (): Promise<void> => {
    bed.close();
    for (const [name, value] of Object.entries(own)) if (provided[name] === value) delete provided[name];
    await engine.close();
  };
  return {
    env: own,
    get skippedMs() {
      return clock.skippedMs;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
