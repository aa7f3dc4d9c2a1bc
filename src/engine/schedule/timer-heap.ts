/**
 * Which timer is the earliest: a binary heap whose entries know where they stand, so that one can be taken out when its
 * instance leaves memory. Were it left to be found at the top in a year, so would the instance that hangs on it.
 */
import type { Timer } from "../state/live.ts";

export class TimerHeap<T> {
  readonly #heap: Timer<T>[] = [];

  get size(): number {
    return this.#heap.length;
  }

  get first(): Timer<T> | undefined {
    return this.#heap[0];
  }

  add(at: number, of: T): Timer<T> {
    const timer = { at, of, index: this.#heap.length };
    this.#heap.push(timer);
    this.#rise(timer);
    return timer;
  }

  /** Takes a timer out that is in this heap. */
  remove(timer: Timer<T>): void {
    const last = this.#heap.pop();
    if (last === undefined || last === timer) return;
    this.#put(last, timer.index);
    this.#rise(last);
    this.#sink(last);
  }

  #put(timer: Timer<T>, index: number): void {
    timer.index = index;
    this.#heap[index] = timer;
  }

  #rise(timer: Timer<T>): void {
    let at = timer.index;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.#heap[parent];
      if (above === undefined || above.at <= timer.at) break;
      this.#put(above, at);
      at = parent;
    }
    this.#put(timer, at);
  }

  #sink(timer: Timer<T>): void {
    let at = timer.index;
    for (;;) {
      const left = this.#heap[2 * at + 1];
      const right = this.#heap[2 * at + 2];
      if (left === undefined) break;
      const child = right !== undefined && right.at < left.at ? right : left;
      if (child.at >= timer.at) break;
      const free = child.index;
      this.#put(child, at);
      at = free;
    }
    this.#put(timer, at);
  }
}
