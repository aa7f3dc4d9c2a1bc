/** The owner's end of one open host, with the runs in it. Frames of one turn leave together. `R` is what the owner keeps of a run. */
import type { FromRuntime, ToRuntime } from "../../protocol/frames.ts";
import type { ScriptVersion } from "../../ports/catalog/script-versions.ts";
import type { Host, HostEnd } from "../../ports/executor.ts";

/** What the owner of the runs in hosts does when something happens there. */
export interface HostListener<R> {
  frames(link: HostLink<R>, frames: readonly FromRuntime[]): void;
  ended(link: HostLink<R>, end: HostEnd): void;
}

export class HostLink<R = unknown> {
  readonly host: Host;
  readonly version: ScriptVersion;
  readonly runs: Map<number, R> = new Map();
  /** Requests that its script is answering, and runs that are about to begin in it. */
  requests = 0;
  /** True once the host has ended. */
  over = false;
  /** True once it gets no further work, and is closed when it has none. */
  leaving = false;
  #lastRun = 0;
  #outbox: ToRuntime[] = [];
  #acks: number[] = [];
  #scheduled = false;

  constructor(host: Host, version: ScriptVersion, listener: HostListener<R> | undefined) {
    this.host = host;
    this.version = version;
    host.onFrames((frames) => listener?.frames(this, frames));
  }

  /** A number for a run that this host has not had yet. */
  nextRun(): number {
    return (this.#lastRun += 1);
  }

  /** True when the host has so little memory that runs that only wait should leave it. */
  get isTight(): boolean {
    return this.leaving || this.host.isTight === true;
  }

  send(frame: ToRuntime): void {
    this.#outbox.push(frame);
    this.#schedule();
  }

  /** All `events` frames of the run up to number n are durable. */
  ack(run: number, n: number): void {
    this.#acks.push(run, n);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      const frames = this.#outbox;
      if (this.#acks.length > 0) frames.push({ type: "acks", acks: this.#acks });
      this.#outbox = [];
      this.#acks = [];
      this.host.send(frames);
    });
  }
}
