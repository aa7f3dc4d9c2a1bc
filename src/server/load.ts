/**
 * How many requests of clients that may ask are being answered. Beyond that many a request is refused before it is read, so
 * that an overloaded server answers those that it takes as quickly as ever. Reads and changes are counted apart: a flood of
 * one leaves the other usable. A response that goes on, like a stream of events, counts until it has begun.
 */
import { LIMITS } from "../model/limits.ts";

export class Load {
  readonly #atOnce: number;
  #reads = 0;
  #changes = 0;

  constructor(atOnce: number = LIMITS.requestsAtOnce) {
    this.#atOnce = atOnce;
  }

  /** Undefined when there are too many; else to be called once the request has been answered. */
  begin(isRead: boolean): (() => void) | undefined {
    if ((isRead ? this.#reads : this.#changes) >= this.#atOnce) return undefined;
    this.#add(isRead, 1);
    return () => this.#add(isRead, -1);
  }

  #add(isRead: boolean, by: number): void {
    if (isRead) this.#reads += by;
    else this.#changes += by;
  }
}
