/**
 * What the user code of one host reads item by item, by number. Items are made when they are requested, one at a time, so that a
 * reading that is not pulled costs only its entry.
 */
import type { Engine, InstanceAddress } from "../../../engine/contract.ts";
import type { Form } from "../../../model/views/public-event.ts";
import type { StoredStream } from "../../../model/step/stream.ts";
import type { CrossingEvent, NextItem, Wanted } from "../../../model/views/subscription.ts";
import { decode } from "../../../model/values/value.ts";
import { subscription } from "./subscription.ts";

interface Reading {
  readonly items: AsyncIterator<unknown>;
  readonly stop: AbortController;
}

export class Readings {
  readonly #open: Map<number, Reading> = new Map();
  #last = 0;

  /** All of them are closed when `host` aborts. */
  constructor(host: AbortSignal) {
    host.addEventListener("abort", () => [...this.#open.keys()].forEach((id) => this.close(id)), { once: true });
  }

  /** Begins a reading; `items` gets a signal that aborts when it is closed. Answers its number. */
  open(items: (signal: AbortSignal) => AsyncIterable<unknown>): number {
    const stop = new AbortController();
    const id = (this.#last += 1);
    this.#open.set(id, { items: items(stop.signal)[Symbol.asyncIterator](), stop });
    return id;
  }

  /** The next item, in the order of calls; the end for a reading that is over. Rejects as the reading does, which ends it. */
  async next(id: number): Promise<NextItem<unknown>> {
    const reading = this.#open.get(id);
    if (reading === undefined) return { done: true };
    try {
      const { done, value } = await reading.items.next();
      if (done !== true) return { done: false, value };
    } catch (cause) {
      this.close(id);
      throw cause;
    }
    this.close(id);
    return { done: true };
  }

  close(id: number): void {
    this.#open.get(id)?.stop.abort();
    this.#open.delete(id);
  }
}

/** An output that is a stream, on its way to be opened as a reading of its own. */
class Streamed {
  readonly stored: StoredStream;

  constructor(stored: StoredStream) {
    this.stored = stored;
  }
}

/** Values as user code had them. */
const STRUCTURED: Form = { value: decode, stream: (stored) => new Streamed(stored) };

/** Begins to read the events of an instance, each a `CrossingEvent`. */
export function openSubscription(engine: Engine, address: InstanceAddress, wanted: Wanted, readings: Readings): number {
  return readings.open(async function* (signal): AsyncGenerator<CrossingEvent> {
    for await (const events of subscription(engine, address, wanted, signal, STRUCTURED)) {
      for (const { output, ...event } of events) {
        if (output instanceof Streamed) yield { event, stream: readings.open(() => engine.stream(address, output.stored)) };
        else yield { event: output === undefined ? event : { ...event, output } };
      }
    }
  });
}
