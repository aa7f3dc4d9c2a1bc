/** Messages of queues: none is lost, none comes too early, twice at once, or after it was done with, and all get somewhere. */
import type { Settlement, Verdict } from "../../../src/model/platform/queue.ts";
import type { ScriptCalls } from "../../../src/ports/script-calls.ts";
import { Failure } from "../../../src/model/failures/failure.ts";
import type { EventEnd } from "../../../src/protocol/handlers.ts";
import type { Agenda, Owner } from "../world/agenda.ts";
import { QUEUE, type KeptMessage, type QueueWatcher } from "../world/queue-disk.ts";
import { LIVENESS_MS, type Checker } from "./checker.ts";

/** A message as the checker knows it, by its id. */
interface Known {
  readonly id: string;
  /** The deliveries that count, of which a server has heard the end, or that are on their way. */
  deliveries: number;
  isAcked: boolean;
  isOver: boolean;
  /** When it last changed, in milliseconds of the agenda. */
  changedAt: number;
}

export class MessageChecks implements QueueWatcher {
  readonly #agenda: Agenda;
  readonly #checker: Checker;
  readonly #wallMs: () => number;
  readonly #maxRetries: number;
  readonly #kept: () => Iterable<KeptMessage>;
  readonly #known: Map<string, Known> = new Map();
  /** Messages on their way, by server and id. */
  readonly #underWay: Set<string> = new Set();
  /** Messages that were acknowledged to a server. */
  readonly #heard: Set<string> = new Set();

  constructor(
    checker: Checker,
    {
      agenda,
      wallMs,
      maxRetries,
      kept,
    }: {
      readonly agenda: Agenda;
      readonly wallMs: () => number;
      readonly maxRetries: number;
      readonly kept: () => Iterable<KeptMessage>;
    },
  ) {
    this.#checker = checker;
    this.#agenda = agenda;
    this.#wallMs = wallMs;
    this.#maxRetries = maxRetries;
    this.#kept = kept;
  }

  /** How many messages are to be delivered. */
  get left(): number {
    return [...this.#kept()].filter(({ queue }) => queue === QUEUE).length;
  }

  added({ id }: KeptMessage): void {
    this.#known.set(id, { id, deliveries: 0, isAcked: false, isOver: false, changedAt: this.#agenda.now });
  }

  /** Messages were sent, as the queue says: so many have to be there. */
  sent(before: number, count: number): void {
    this.#checker.expect(this.#known.size >= before + count, () => `${count} messages were acknowledged and are not on the disk`);
  }

  /** How many there have ever been. */
  get size(): number {
    return this.#known.size;
  }

  settled({ done, again, dead }: Settlement, of: (pk: number) => KeptMessage | undefined): void {
    for (const pk of [...done, ...again.map((each) => each.pk), ...dead]) {
      const message = of(pk);
      const known = message && this.#known.get(message.id);
      if (message === undefined || known === undefined) continue;
      known.changedAt = this.#agenda.now;
      if (again.some((each) => each.pk === pk)) continue;
      known.isOver = true;
      const isDone = done.includes(pk);
      this.#checker.expect(
        known.isAcked === isDone || !isDone,
        () => `message ${known.id} is done with, without an acknowledgement`,
      );
      this.#checker.expect(
        isDone || this.#checker.isShared || known.deliveries > this.#maxRetries,
        () => `message ${known.id} is given up after ${known.deliveries} deliveries`,
      );
    }
  }

  /** Watches what a server delivers. */
  watching(calls: Pick<ScriptCalls, "call">, server: Owner): Pick<ScriptCalls, "call"> {
    return {
      call: async (script, event) => {
        if (event.type !== "queue") return calls.call(script, event);
        const ids = event.messages.map(({ id }) => id);
        for (const { id, attempts } of event.messages) this.#leaves(server, id, attempts);
        try {
          const end = await calls.call(script, event);
          this.#hears(server, ids, end);
          return end;
        } catch (cause) {
          // What is not the message's fault is no delivery.
          const counts =
            cause instanceof Failure && (cause.failure === "script.unavailable" || cause.failure === "script.exception");
          for (const id of ids) if (!counts) this.#change(id, (known) => (known.deliveries -= 1));
          throw cause;
        } finally {
          for (const id of ids) this.#underWay.delete(`${server.name} ${id}`);
        }
      },
    };
  }

  /** What is due has been delivered. */
  checkLiveness(): void {
    const { troubleAt } = this.#checker;
    const { now } = this.#agenda;
    if (now < troubleAt + LIVENESS_MS) return;
    for (const { id, queue, visibleAt } of this.#kept()) {
      if (queue !== QUEUE || visibleAt + LIVENESS_MS > this.#wallMs()) continue;
      const since = this.#known.get(id)?.changedAt ?? now;
      this.#checker.expect(now < since + LIVENESS_MS, () => `message ${id} could be delivered, and has not been`);
    }
  }

  #leaves(server: Owner, id: string, attempts: number): void {
    const key = `${server.name} ${id}`;
    const { setBacks } = this.#checker;
    this.#checker.expect(!this.#underWay.has(key), () => `message ${id} is delivered while it is on its way`);
    this.#checker.expect(!this.#heard.has(key), () => `message ${id} is delivered again though it was acknowledged`);
    this.#underWay.add(key);
    const kept = [...this.#kept()].find((each) => each.id === id);
    const shown = Math.max(this.#wallMs(), ...setBacks.map(({ shownMs }) => shownMs));
    const isSure = kept !== undefined && !this.#checker.isShared;
    this.#checker.expect(!isSure || kept.visibleAt <= shown, () => `message ${id} is delivered too early`);
    this.#checker.expect(attempts <= this.#maxRetries + 1, () => `message ${id} is delivered the ${attempts}th time`);
    this.#change(id, (known) => (known.deliveries += 1));
  }

  #hears(server: Owner, ids: readonly string[], { thrown, verdict }: EventEnd): void {
    for (const id of ids) {
      if (!isAcked(verdict, id, thrown !== null)) continue;
      this.#heard.add(`${server.name} ${id}`);
      this.#change(id, (known) => (known.isAcked = true));
    }
  }

  #change(id: string, change: (known: Known) => void): void {
    const known = this.#known.get(id);
    if (known === undefined) return;
    known.changedAt = this.#agenda.now;
    change(known);
  }
}

/** Spelled out again on purpose: the word on a message counts before that on all, and that before how the handler ended. */
function isAcked({ all, acks, retries }: Verdict, id: string, threw: boolean): boolean {
  if (acks.includes(id)) return true;
  if (retries.some((each) => each.id === id)) return false;
  return all === undefined ? !threw : all === "ack";
}
