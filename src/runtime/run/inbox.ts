/**
 * What has come in and not been handed on yet. A large batch is taken in slices with a turn of the event loop after each:
 * what the first runs say to it leaves, and the engine commits it, while the last ones still wait. Runs that have begun go
 * before those that are to: a thousand beginnings would keep the steps of the first waiting for the last.
 */
import type { StartFrame, ToRuntime } from "../../protocol/frames.ts";

/** Frames, or pairs of acknowledgements, to a slice. */
const SLICE = 32;

/** Of a slice, what beginnings get in any case: or they would wait for ever while others are busy. */
const STARTS = 8;

export class Inbox {
  readonly #soon: (fire: () => void) => void;
  readonly #take: (frame: ToRuntime) => void;
  readonly #frames: ToRuntime[] = [];
  /** Beginnings of runs, each with what was said since to it, or to the run that it takes over from. */
  readonly #starts: ToRuntime[] = [];
  readonly #toStart: Set<number> = new Set();
  #draining = false;

  /**
   * `take` gets the frames; those of one run in order, but for acknowledgements, of which a run that has not begun has none.
   * They may come in several frames where one was sent.
   */
  constructor(soon: (fire: () => void) => void, take: (frame: ToRuntime) => void) {
    this.#soon = soon;
    this.#take = take;
  }

  add(frames: readonly ToRuntime[]): void {
    for (const frame of frames) {
      if (frame.type === "acks") {
        for (let at = 0; at < frame.acks.length; at += 2 * SLICE)
          this.#frames.push({ type: "acks", acks: frame.acks.slice(at, at + 2 * SLICE) });
      } else if (frame.type === "start") {
        for (const run of runsOf(frame)) this.#toStart.add(run);
        this.#starts.push(frame);
      } else (this.#toStart.has(frame.run) ? this.#starts : this.#frames).push(frame);
    }
    if (this.#draining) return;
    this.#draining = true;
    this.#drain();
  }

  #drain(): void {
    const room = this.#slice(this.#frames, SLICE);
    this.#slice(this.#starts, Math.max(room, STARTS));
    if (this.#frames.length + this.#starts.length > 0) this.#soon(() => this.#drain());
    else this.#draining = false;
  }

  /** Hands on as many of the first as there is room for; answers what room is left. */
  #slice(frames: ToRuntime[], room: number): number {
    let left = room;
    let taken = 0;
    for (const frame of frames) {
      if (left <= 0) break;
      left -= frame.type === "acks" ? frame.acks.length / 2 : 1;
      taken += 1;
      if (frame.type === "start") for (const run of runsOf(frame)) this.#toStart.delete(run);
      this.#take(frame);
    }
    frames.splice(0, taken);
    return left;
  }
}

function runsOf({ run, rollback }: StartFrame): readonly number[] {
  return rollback?.inherits === undefined ? [run] : [run, rollback.inherits];
}
