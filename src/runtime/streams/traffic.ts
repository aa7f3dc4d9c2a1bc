/** The streams of a run that are on their way: who sends one, and who waits for which chunk. */
import { stepId, type StepName } from "../../model/step/step.ts";
import type { FromRuntime, ToRuntime } from "../../protocol/frames.ts";
import { settleable } from "../run/settleable.ts";

/** The run whose streams they are. */
interface Speaker {
  readonly id: number;
  send(frame: FromRuntime): void;
}

/** A stream that a step sends (`output.ts`): it hears what the engine has made of it. */
interface Outgoing {
  stored(chunks: number): void;
  full(): void;
}

/** A frame that is about a stream. */
export type StreamFrame = Extract<ToRuntime, { type: "chunk" | "missing" | "stored" | "full" }>;

export class StreamTraffic {
  readonly #run: Speaker;
  readonly #outgoing: Map<string, Outgoing> = new Map();
  /** By step and index; several streams may replay the same step. */
  readonly #reads: Map<string, ((bytes: Uint8Array | undefined) => void)[]> = new Map();

  constructor(run: Speaker) {
    this.#run = run;
  }

  /** True while a chunk is waited for. */
  get isReading(): boolean {
    return this.#reads.size > 0;
  }

  /** The step sends a stream; the answer is to be called when it gives up. */
  send(step: StepName, stream: Outgoing): () => void {
    this.#outgoing.set(idOf(step), stream);
    return () => this.sent(step);
  }

  /** The step's stream has been sent. */
  sent(step: StepName): void {
    this.#outgoing.delete(idOf(step));
  }

  /** A chunk of what a step has stored; undefined when it is not there. */
  read(step: StepName, index: number): Promise<Uint8Array | undefined> {
    const { promise, resolve } = settleable<Uint8Array | undefined>();
    const key = `${index} ${idOf(step)}`;
    const waiting = this.#reads.get(key);
    if (waiting === undefined) this.#reads.set(key, [resolve]);
    else waiting.push(resolve);
    this.#run.send({ type: "read", run: this.#run.id, name: step.name, count: step.count, index });
    return promise;
  }

  receive(frame: StreamFrame): void {
    switch (frame.type) {
      case "stored":
        this.#outgoing.get(idOf(frame))?.stored(frame.chunks);
        return;
      case "full":
        this.#outgoing.get(idOf(frame))?.full();
        return;
      default: {
        const key = `${frame.index} ${idOf(frame)}`;
        const waiting = this.#reads.get(key);
        const resolve = waiting?.shift();
        if (waiting?.length === 0) this.#reads.delete(key);
        resolve?.(frame.type === "chunk" ? frame.bytes : undefined);
      }
    }
  }
}

function idOf({ name, count }: StepName): string {
  return stepId("do", name, count);
}
