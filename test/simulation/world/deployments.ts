/** Deploys the scripts of a simulation, a workflow each, and what comes round for them. */
import type { Binding } from "../../../src/ports/catalog/bindings.ts";
import type { TimetableKind } from "../../../src/ports/timetable.ts";
import type { Plan } from "../plan.ts";
import { scriptName, workflowName, type World } from "./world.ts";

export class Deployments {
  readonly #world: World;
  readonly #limit: number | null;
  #versions = 0;
  /** True once nothing comes round any more. */
  #isEnding = false;

  constructor(world: World, { settings }: Plan) {
    this.#world = world;
    this.#limit = settings.limit;
  }

  async deploy(index: number): Promise<void> {
    this.#versions += 1;
    const { catalog, around, programs } = this.#world;
    const workflow = workflowName(index);
    const script = scriptName(index);
    const createdAt = around === undefined ? 0 : this.#world.wallMs();
    const scriptVersionId = `s${this.#versions}`;
    const bindings: Binding[] = programs.map((_, i) => ({
      type: "workflow",
      name: workflowName(i),
      workflow: workflowName(i),
    }));
    const of = { script, createdAt, hash: scriptVersionId, code: "", compatibilityFlags: [] };
    await catalog.putScriptVersion({ id: scriptVersionId, ...of, bindings });
    const limit = this.#limit;
    const crons = this.#crons("workflow", index);
    const settings = {
      ...(limit !== null && { concurrency: { limit } }),
      ...(crons.length > 0 && { schedules: crons.map((cron) => ({ cron })) }),
    };
    const version = { id: `v${this.#versions}`, workflow, className: workflow, scriptVersionId, createdAt, settings };
    await catalog.putWorkflow(
      { id: workflow, name: workflow, className: workflow, script, versionId: version.id, createdAt, modifiedAt: createdAt },
      version,
    );
    if (around === undefined) return;
    this.#world.timetable.put("workflow", workflow, crons, createdAt);
    const triggers = this.#crons("script", index);
    await catalog.commit([{ type: "crons", kind: "script", owner: script, crons: triggers, from: createdAt }]);
    this.#world.timetable.put("script", script, triggers, createdAt);
  }

  /** Deploys all of them without anything that comes round. */
  async end(): Promise<void> {
    this.#isEnding = true;
    for (const index of this.#world.programs.keys()) await this.deploy(index);
  }

  #crons(kind: TimetableKind, index: number): readonly string[] {
    const { around } = this.#world;
    const cron = kind === "workflow" ? around?.schedules[index] : around?.triggers[index];
    return this.#isEnding || cron === undefined || cron === null ? [] : [cron];
  }
}
