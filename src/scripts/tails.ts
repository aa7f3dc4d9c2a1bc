/**
 * Live logs: whoever tails a script gets each line that it writes from then on, in Cloudflare's words for it. A tail is known
 * by an id that nobody can guess, for the client connects with that alone. Nothing is kept for later, and a client that
 * does not keep up misses lines and is told how many.
 */
import { randomUUID } from "node:crypto";
import { Failure } from "../model/errors.ts";
import { LIMITS } from "../model/limits.ts";
import { scriptOf, type ScriptLine } from "../ports/script-log.ts";
import {
  filteredRequest,
  isShown,
  laggedEvent,
  requestEvent,
  tailEvent,
  type TailedRequest,
  type TailFilter,
} from "./tail-event.ts";

/** A tail as it was made. Times are epoch milliseconds. */
export interface Tail {
  readonly id: string;
  readonly script: string;
  readonly expiresAt: number;
}

interface OpenTail extends Tail {
  /** A line is sent when it passes all of these. */
  readonly filters: readonly TailFilter[];
  listener: ReadableStreamDefaultController<Uint8Array> | undefined;
  missed: number;
}

/** Cloudflare's. */
const LIFE_MS = 6 * 60 * 60 * 1000;

/** Lines that wait for a client at the most. */
const WAITING = 1_000;

const encoder = new TextEncoder();

export class Tails {
  readonly #open: Map<string, OpenTail> = new Map();

  /**
   * Makes a tail of a script.
   *
   * @throws Failure `script.too_many_tails` when there are `LIMITS.tails` of it, and somebody is connected to each.
   */
  open(script: string, filters: readonly TailFilter[], now: number): Tail {
    for (const tail of this.#open.values()) if (tail.expiresAt <= now) this.close(tail.id);
    const own = [...this.#open.values()].filter((each) => each.script === script);
    if (own.length >= LIMITS.tails) {
      const unused = own.find(({ listener }) => listener === undefined);
      if (unused === undefined) throw new Failure("script.too_many_tails");
      this.close(unused.id);
    }
    const tail: OpenTail = { id: randomUUID(), script, filters, expiresAt: now + LIFE_MS, listener: undefined, missed: 0 };
    this.#open.set(tail.id, tail);
    return tail;
  }

  /** The lines from now on, each a message in JSON. Undefined when there is no such tail, or somebody reads it already. */
  connect(id: string): ReadableStream<Uint8Array> | undefined {
    const tail = this.#open.get(id);
    if (tail === undefined || tail.listener !== undefined) return undefined;
    return new ReadableStream(
      {
        start: (controller) => {
          tail.listener = controller;
        },
        // It is still there to be deleted, which is what clients do next.
        cancel: () => {
          tail.listener = undefined;
        },
      },
      { highWaterMark: WAITING },
    );
  }

  /** Ends a tail, for its reader, too. False when there is none of this script. */
  close(id: string, script?: string): boolean {
    const tail = this.#open.get(id);
    if (tail === undefined || (script !== undefined && tail.script !== script)) return false;
    this.#open.delete(id);
    tail.listener?.close();
    return true;
  }

  /** A script has written a line. */
  publish(line: ScriptLine): void {
    this.#send(scriptOf(line), line, line.time, () => tailEvent(line));
  }

  /** A script has been asked for something. */
  publishRequest(asked: TailedRequest): void {
    this.#send(asked.script, filteredRequest(asked), asked.time, () => requestEvent(asked));
  }

  #send(script: string, filtered: Parameters<typeof isShown>[0], now: number, event: () => object): void {
    for (const tail of this.#open.values()) {
      if (tail.script !== script || tail.listener === undefined || !isShown(filtered, tail.filters, Math.random)) continue;
      if ((tail.listener.desiredSize ?? 0) <= 1) {
        tail.missed += 1;
        continue;
      }
      if (tail.missed > 0) tail.listener.enqueue(encoder.encode(JSON.stringify(laggedEvent(script, tail.missed, now))));
      tail.missed = 0;
      tail.listener.enqueue(encoder.encode(JSON.stringify(event())));
    }
  }
}
