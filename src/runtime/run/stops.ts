/**
 * Orders to stop a run that are on their way. Frames wait in the inbox, and a thread that is busy does not even receive them;
 * no step may begin meanwhile that one of them is to prevent.
 */
import type { ToRuntime } from "../../protocol/frames.ts";

export class Stops {
  readonly #sent: (() => number) | undefined;
  #arrived = 0;
  #carriedOut = 0;

  /** `sent` tells how many have been sent, where that is known before they arrive. */
  constructor(sent: (() => number) | undefined) {
    this.#sent = sent;
  }

  /** True while there are some that no run has carried out. */
  get areUnderWay(): boolean {
    return (this.#sent?.() ?? this.#arrived) !== this.#carriedOut;
  }

  /** Frames have arrived. */
  arrive(frames: readonly ToRuntime[]): void {
    for (const frame of frames) if (frame.type === "stop") this.#arrived += 1;
  }

  /** One has been carried out. */
  carriedOut(): void {
    this.#carriedOut += 1;
  }
}
