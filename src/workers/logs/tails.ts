/**
 * Live logs: clients that tail a script get each of its later invocations when it has ended, with its messages, in Cloudflare's
 * format. The id of a tail cannot be guessed, because the client connects with the id alone. Nothing is kept for later, and a
 * client that does not keep up misses events and is sent their number.
 */
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Ids } from "../../ports/ids.ts";
import type { Followed, ScriptInvocation, ScriptLine } from "../../ports/script-log.ts";
import { scriptOf } from "../../model/views/script-line.ts";
import { Invocations, type InvocationReport } from "./invocations.ts";
import { isShown, laggedEvent, tailEvent, type TailFilter } from "./tail-event.ts";

/** A tail as it was made. Times are epoch milliseconds. */
export interface Tail {
  readonly id: string;
  readonly script: string;
  readonly expiresAt: number;
}

interface OpenTail extends Tail {
  /** An event is sent when it passes all of these. */
  readonly filters: readonly TailFilter[];
  listener: ReadableStreamDefaultController<Uint8Array> | undefined;
  missed: number;
}

/** Cloudflare's. */
const LIFE_MS = 6 * 60 * 60 * 1000;

/** Events that wait for a client at the most. */
const WAITING = 1_000;

/** How often it is looked what is to be sent, in milliseconds. */
const LOOK_MS = 100;

export class Tails implements Followed {
  readonly #clock: Clock;
  readonly #ids: Pick<Ids, "uuid" | "chance">;
  readonly #open: Map<string, OpenTail> = new Map();
  readonly #invocations: Invocations = new Invocations();
  readonly #heard: ((script: string) => void)[] = [];
  #isLooking = false;

  constructor(clock: Clock, ids: Pick<Ids, "uuid" | "chance">) {
    this.#clock = clock;
    this.#ids = ids;
  }

  /**
   * Makes a tail of a script.
   *
   * @throws Failure `script.too_many_tails` when it has `LIMITS.tails` tails with a client connected to each.
   */
  open(script: string, filters: readonly TailFilter[]): Tail {
    const now = this.#clock.now();
    for (const tail of this.#open.values()) if (tail.expiresAt <= now) this.close(tail.id);
    const own = [...this.#open.values()].filter((each) => each.script === script);
    if (own.length >= LIMITS.tails) {
      const unused = own.find(({ listener }) => listener === undefined);
      if (unused === undefined) throw new Failure("script.too_many_tails");
      this.close(unused.id);
    }
    const tail: OpenTail = { id: this.#ids.uuid(), script, filters, expiresAt: now + LIFE_MS, listener: undefined, missed: 0 };
    this.#open.set(tail.id, tail);
    return tail;
  }

  /** The events from now on, each a message in JSON. Undefined when there is no such tail, or it has a reader already. */
  connect(id: string): ReadableStream<Uint8Array> | undefined {
    const tail = this.#open.get(id);
    if (tail === undefined || tail.listener !== undefined) return undefined;
    return new ReadableStream(
      {
        start: (controller) => {
          tail.listener = controller;
          this.#changed(tail);
        },
        // It is still there to be deleted, which is what clients do next.
        cancel: () => {
          tail.listener = undefined;
          this.#changed(tail);
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
    this.#changed(tail);
    return true;
  }

  /** A script has written a line. */
  publish(line: ScriptLine): void {
    if (!this.has(scriptOf(line))) return;
    this.#gathered(
      line.origin === undefined ? [{ lines: [line] }] : this.#invocations.write(line, line.origin, this.#clock.elapsed()),
    );
  }

  /** Something is known of an invocation of a script. */
  learn(invocation: ScriptInvocation): void {
    if (this.has(invocation.version.script)) this.#gathered(this.#invocations.learn(invocation, this.#clock.elapsed()));
  }

  has(script: string): boolean {
    for (const tail of this.#open.values()) if (tail.script === script && tail.listener !== undefined) return true;
    return false;
  }

  onChange(heard: (script: string) => void): void {
    this.#heard.push(heard);
  }

  #changed({ script }: Tail): void {
    for (const heard of this.#heard) heard(script);
  }

  #gathered(due: readonly InvocationReport[]): void {
    for (const report of due) this.#send(report);
    if (this.#isLooking || this.#invocations.isEmpty) return;
    this.#isLooking = true;
    const clock = this.#clock;
    clock.alarm(clock.now() + LOOK_MS, () => {
      this.#isLooking = false;
      this.#gathered(this.#invocations.due(clock.elapsed()));
    });
  }

  #send(report: InvocationReport): void {
    const event = tailEvent(report);
    const { scriptName: script } = event;
    let text: Uint8Array | undefined;
    for (const tail of this.#open.values()) {
      if (tail.script !== script || tail.listener === undefined || !isShown(report, event, tail.filters, this.#ids.chance))
        continue;
      if ((tail.listener.desiredSize ?? 0) <= 1) {
        tail.missed += 1;
        continue;
      }
      if (tail.missed > 0) tail.listener.enqueue(encoded(laggedEvent(script, tail.missed, this.#clock.now())));
      tail.missed = 0;
      tail.listener.enqueue((text ??= encoded(event)));
    }
  }
}

const encoder = new TextEncoder();

function encoded(event: object): Uint8Array {
  return encoder.encode(JSON.stringify(event));
}
