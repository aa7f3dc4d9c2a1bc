/**
 * How many places there are, and who has them: so many for all instances together, and for a workflow as many as its
 * policy says. Only counts are kept, and only of workflows that have a place at the moment.
 */
import type { FullPlaces } from "../contract.ts";

export class Places {
  readonly #most: number;
  readonly #limitOf: (workflow: string) => number;
  #taken = 0;
  readonly #byWorkflow: Map<string, number> = new Map();

  /** @param limitOf How many places a workflow may have now. */
  constructor(most: number, limitOf: (workflow: string) => number) {
    this.#most = most;
    this.#limitOf = limitOf;
  }

  /** Free places. Negative when more are taken than there are. */
  get free(): number {
    return this.#most - this.#taken;
  }

  /** Places that the workflow may still take. */
  freeFor(workflow: string): number {
    return Math.min(this.free, this.#limitOf(workflow) - (this.#byWorkflow.get(workflow) ?? 0));
  }

  /** True when the workflow has all the places that it may have, even if others are free. */
  isFull(workflow: string): boolean {
    return (this.#byWorkflow.get(workflow) ?? 0) >= this.#limitOf(workflow);
  }

  /** The workflows that are full. */
  full(): string[] {
    return [...this.#byWorkflow.keys()].filter((workflow) => this.isFull(workflow));
  }

  /** The limit that keeps the workflow from having another place; undefined when there is one. */
  fullBy(workflow: string): FullPlaces | undefined {
    const taken = this.#byWorkflow.get(workflow) ?? 0;
    if (this.isFull(workflow)) return { of: "workflow", limit: this.#limitOf(workflow), taken };
    return this.free > 0 ? undefined : { of: "server", limit: this.#most, taken: this.#taken };
  }

  take(workflow: string): void {
    this.#taken += 1;
    this.#byWorkflow.set(workflow, (this.#byWorkflow.get(workflow) ?? 0) + 1);
  }

  giveBack(workflow: string): void {
    this.#taken -= 1;
    const left = (this.#byWorkflow.get(workflow) ?? 0) - 1;
    if (left > 0) this.#byWorkflow.set(workflow, left);
    else this.#byWorkflow.delete(workflow);
  }
}
