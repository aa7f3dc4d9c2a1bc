import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import { NonRetryableError } from "cloudflare:workflows";
import * as v from "valibot";

export type Saga<Schema extends v.GenericSchema, Result> = {
  readonly name: string;
  readonly input: Schema;
  run(context: Context<v.InferOutput<Schema>>): Promise<Result>;
};

export interface Context<Input> {
  readonly input: Input;
  readonly env: Env;
  readonly id: string;
  readonly steps: Steps;
}

type WorkflowClass = new (ctx: ExecutionContext, env: Env) => WorkflowEntrypoint<Env, unknown>;

/** Names steps by saga, and remembers which ones ran. */
export class Steps {
  readonly #step: WorkflowStep;
  readonly #prefix: string;
  readonly trail: string[] = [];

  constructor(step: WorkflowStep, prefix: string) {
    this.#step = step;
    this.#prefix = prefix;
  }

  async do<T extends Rpc.Serializable<T>>(name: string, body: () => Promise<T>, undo?: (output: T | undefined) => Promise<void>): Promise<T> {
    this.trail.push(name);
    const config = { retries: { limit: 1, delay: "100 milliseconds", backoff: "constant" } } as const;
    return undo
      ? this.#step.do(`${this.#prefix}/${name}`, config, body, { rollback: async ({ output }) => undo(output as T | undefined) })
      : this.#step.do(`${this.#prefix}/${name}`, config, body);
  }

  pause(ms: number): Promise<void> {
    return this.#step.sleep(`${this.#prefix}/pause`, ms);
  }
}

const registry = new Map<string, WorkflowClass>();

export function defineWorkflow<Schema extends v.GenericSchema, Result>(saga: Saga<Schema, Result>): WorkflowClass {
  const Defined = class extends WorkflowEntrypoint<Env, unknown> {
    static readonly saga = saga.name;
    #runs = 0;

    override async run(event: Readonly<WorkflowEvent<unknown>>, step: WorkflowStep) {
      this.#runs++;
      const parsed = v.safeParse(saga.input, event.payload);
      if (!parsed.success) throw new NonRetryableError(v.summarize(parsed.issues), "InvalidInput");
      const steps = new Steps(step, saga.name);
      const result = await saga.run({ input: parsed.output, env: this.env, id: event.instanceId, steps });
      return { saga: (this.constructor as typeof Defined).saga, runs: this.#runs, trail: steps.trail, result };
    }
  };
  registry.set(saga.name, Defined);
  return Defined;
}

export const sagaNames = (): string[] => [...registry.keys()].sort();
