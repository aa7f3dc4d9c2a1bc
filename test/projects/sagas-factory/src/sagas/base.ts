import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

/** Runs its stages in order; subclasses say which. */
export abstract class StagedWorkflow<Params extends object, Output> extends WorkflowEntrypoint<Env, Params> {
  protected abstract readonly stages: readonly (keyof this & string)[];
  protected abstract finish(outputs: Record<string, unknown>): Output;

  override async run(event: Readonly<WorkflowEvent<Params>>, step: WorkflowStep): Promise<Output> {
    const outputs: Record<string, unknown> = {};
    for (const stage of this.stages) {
      const method = this[stage] as (params: Params, step: WorkflowStep) => Promise<unknown>;
      outputs[stage] = await method.call(this, event.payload, step);
    }
    return this.finish(outputs);
  }
}
