/**
 * What has come in and not been handed on yet. A large batch is taken in slices with a turn of the event loop after each:
 * what the first runs say to it leaves, and the engine commits it, while the last ones still wait.
 */
import type { ToRuntime } from "../protocol/frames.ts";

/** Frames, or pairs of acknowledgements, to a slice. */
const SLICE = 32;

export class Inbox {
  readonly #soon: (fire: () => void) => void;
  readonly #take: (frame: ToRuntime) => void;
  #frames: ToRuntime[] = [];
  #draining = false;

  /** `take` gets the frames in order; acknowledgements may come in several frames where one was sent. */
  constructor(soon: (fire: () => void) => void, take: (frame: ToRuntime) => void) {
    this.#soon = soon;
    this.#take = take;
  }

  add(frames: readonly ToRuntime[]): void {
    for (const frame of frames) {
      if (frame.type !== "acks") this.#frames.push(frame);
      else
        for (let at = 0; at < frame.acks.length; at += 2 * SLICE)
          this.#frames.push({ type: "acks", acks: frame.acks.slice(at, at + 2 * SLICE) });
    }
    if (this.#draining) return;
    this.#draining = true;
    this.#drain();
  }

  #drain(): void {
    let room = SLICE;
    let taken = 0;
    for (const frame of this.#frames) {
      if (room <= 0) break;
      room -= frame.type === "acks" ? frame.acks.length / 2 : 1;
      taken += 1;
      this.#take(frame);
    }
    this.#frames = this.#frames.slice(taken);
    if (this.#frames.length > 0) this.#soon(() => this.#drain());
    else this.#draining = false;
  }
}
