/** Planted faults of the schedule: what can go on does, and no more than may. */
import type { Mutant } from "./mutant.ts";

export const SCHEDULE: readonly Mutant[] = [
  {
    name: "a restart of a rollback takes a place that does not exist",
    invariant: 13,
    file: "engine/schedule/scheduler.ts",
    find: "holdsPlace(state.status) && this.#places.freeFor(workflow) >= 0 ?",
    replace: "holdsPlace(state.status) ?",
  },
  {
    name: "the limit of a workflow is not looked at",
    invariant: 13,
    file: "engine/schedule/places.ts",
    find: "    return Math.min(this.free, this.#limitOf(workflow) - (this.#byWorkflow.get(workflow) ?? 0));",
    replace: "    return this.free;",
  },
  {
    name: "an event wakes an instance for which there is no place",
    invariant: 13,
    file: "engine/verbs/control.ts",
    find: `    const held = live.state.status === "waiting" && !scheduler.mayWake(live.workflow);`,
    replace: "    const held = false;",
  },
  {
    name: "a timer wakes an instance for which there is no place",
    invariant: 13,
    file: "engine/schedule/timers.ts",
    find: `    if (live.state.status === "waiting" && this.#places?.mayWake(live.workflow) === false) {`,
    replace: `    if (live.state.status === "paused") {`,
  },
  {
    name: "an instance that ends keeps its place",
    invariant: 13,
    file: "engine/schedule/scheduler.ts",
    find: "    else this.#giveBack(workflow);\n  }\n\n  /** An instance comes",
    replace: "  }\n\n  /** An instance comes",
  },
  {
    name: "instances that a server was running when it died are not looked for",
    invariant: 13,
    file: "engine/schedule/scheduler.ts",
    find: `      const taken = await (kind === "interrupted" ? this.#fillInterrupted() : this.#fillFrom(kind));`,
    replace: `      const taken = await (kind === "interrupted" ? Promise.resolve([]) : this.#fillFrom(kind));\n      if (kind === "interrupted") this.#walk = { after: 0, urgent: false };`,
  },
  {
    name: "a start that rests is forgotten",
    invariant: 13,
    file: "engine/runs/activate.ts",
    find: "      await rest(core, Math.min(REST_MS * 2 ** tries, LONGEST_REST_MS));",
    replace: "      await new Promise(() => {});",
  },
  {
    name: "hosts that have ended are given runs",
    invariant: 13,
    file: "workers/hosts/hosts.ts",
    find: "      remove(pool, link);\n      this.#leaving.delete(link);",
    replace: "      this.#leaving.delete(link);",
  },
  {
    name: "an instance gets the code of another version",
    invariant: 3,
    file: "engine/state/versions.ts",
    find: "    const known = this.#known.get(id);",
    replace: "    const known = this.#known.values().next().value;",
  },
  {
    name: "a closed engine leaves its alarm",
    invariant: 13,
    file: "engine/schedule/timers.ts",
    find: "    this.#closed = true;\n    this.#alarm.cancel();",
    replace: "    this.#closed = true;",
  },
];
