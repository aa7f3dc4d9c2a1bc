/**
 * Moments of one function: what begins together, and what has ended by when. Cloudflare's rule, as its account of the
 * visualizer tells it: a promise that is not awaited at once starts at the present moment; awaiting it moves to the next
 * moment, unless later ones have come meanwhile. While nothing runs alongside, steps that are awaited at once have no
 * moments: they follow one another.
 */
import type { GraphNode, Timed } from "./nodes.ts";

/** A node that may have moments. */
export type Started = GraphNode & Timed;

export class Timing {
  #now = 1;
  readonly #open: Set<Started> = new Set();

  /** The present moment. */
  get now(): number {
    return this.#now;
  }

  /** A step begins. `awaited`: the code waits for it right there. */
  start(node: Started, awaited: boolean): void {
    if (awaited && this.#open.size === 0) return;
    node.starts = this.#now;
    if (awaited) node.resolves = this.#now += 1;
    else this.#open.add(node);
  }

  /** The code waits until these have ended; those that it does not wait for any more, or never did, are passed over. */
  settle(nodes: Iterable<Started>): void {
    const ending = Array.from(nodes).filter((node) => this.#open.delete(node));
    if (ending.length === 0) return;
    this.#now = Math.max(this.#now, ...ending.map(({ starts = 0 }) => starts + 1));
    for (const node of ending) node.resolves = this.#now;
  }

  /** Branches that begin at the same moment; afterwards it is as late as in the latest of them. */
  alongside(branches: readonly (() => void)[]): void {
    const from = this.#now;
    let latest = from;
    for (const branch of branches) {
      this.#now = from;
      branch();
      latest = Math.max(latest, this.#now);
    }
    this.#now = latest;
  }
}
