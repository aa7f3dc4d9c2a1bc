/**
 * How many runs may begin in a process of workerd. The context of a run takes some 40 KiB and whatever its code takes, and goes
 * on for up to half a minute after the run when that has left sockets open or something to `waitUntil`: begun as fast as they
 * come, short runs alone would fill the process until it is killed for its size. So those that do not fit are held back, in
 * order. Whether they fit is seen by the memory that the process takes; what a run takes, by what runs have taken so far.
 */

import { UNREPORTED, type Contexts } from "../messages.ts";

const MIB = 1024 * 1024;

/** The part of its memory that a process may fill with runs. */
const FILLED = 0.9;

/** What a process takes before it has runs, in bytes. */
const BASE_BYTES = 128 * MIB;

/** What a run takes at the least, in bytes. */
const LEAST_BYTES = 64 * 1024;

/** How many looks a context may last after its run has ended: as many as there are seconds. */
const AFTER_LOOKS = 30;

/** What is known of a process: how much it may take, in bytes, and what was seen when it was last looked at. */
export interface Seen {
  readonly most: number;
  /** The memory that it takes, and the most that it has taken, in bytes. */
  readonly bytes: number;
  readonly mostBytes: number;
  /** How many contexts there are, at the most. */
  readonly contexts: number;
  /** How many are known to fit: there have been so many. The allocator keeps what it was given, and memory does not tell. */
  readonly known: number;
  /** True when it has grown since the look before. */
  readonly grows: boolean;
}

/** What there was to begin with. */
export function unseen(most: number): Seen {
  return { most, bytes: 0, mostBytes: 0, contexts: 0, known: 0, grows: false };
}

/** What is known after another look. */
export function seen(before: Seen, bytes: number, contexts: number): Seen {
  const mostBytes = Math.max(before.mostBytes, bytes);
  const now = { ...before, bytes, mostBytes, contexts, grows: bytes > before.bytes };
  if (bytes <= before.most * FILLED) return { ...now, known: Math.max(before.known, contexts) };
  // What has grown beyond that is lost to contexts.
  const lost = Math.floor((mostBytes - before.mostBytes) / LEAST_BYTES);
  return { ...now, known: Math.max(0, before.known - lost) };
}

/**
 * How many more runs fit. A few always do, until the next look: the memory they leave behind fits into the part that runs do not
 * fill, and what has filled the rest is unknown.
 */
export function fitting({ most, bytes, contexts, known, grows }: Seen): number {
  const each = Math.max(LEAST_BYTES, (bytes - BASE_BYTES) / Math.max(contexts, 1));
  const few = Math.max(1, Math.floor((most * (1 - FILLED)) / (AFTER_LOOKS * LEAST_BYTES)));
  // As fast as they last, at the most: the ones that have gone at once would come back at once.
  const again = grows ? 0 : Math.min(known - contexts, Math.ceil(known / AFTER_LOOKS));
  return Math.max(few, again, Math.floor((most * FILLED - bytes) / each));
}

/** An isolate. */
interface Tenant extends Contexts {
  /** How many runs were sent to it, ever. */
  readonly sent: number;
}

const NEW: Tenant = { open: 0, begun: 0, sent: 0 };

export class Room {
  readonly #onHeld: (runs: number) => void;
  readonly #tenants: Map<string, Tenant> = new Map();
  #seen: Seen;
  /** How many runs have begun, ever, and how many had at each of the last looks. */
  #begun = 0;
  #begunBefore: number[] = [];
  /** How many more fit before the next look. */
  #left = Infinity;
  /** Runs that are held back: where, and what lets them begin. */
  #held: { readonly host: string; readonly begin: () => void }[] = [];
  #wasHeld = false;
  #isClosed = false;

  /**
   * `most` is what the process may take, in bytes. `onHeld` is called when a look finds runs that are held back, and the one
   * before did not.
   */
  constructor(most: number, onHeld: (runs: number) => void) {
    this.#seen = unseen(most);
    this.#onHeld = onHeld;
  }

  /** Room for a run in an isolate: undefined when there is some, else a promise of it. */
  take(host: string): Promise<void> | undefined {
    if (this.#isClosed || (this.#held.length === 0 && this.#left > 0)) {
      this.#left -= 1;
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.push({ host, begin: resolve });
    return promise;
  }

  /** So many more runs are on their way into an isolate. */
  sent(host: string, runs: number): void {
    const tenant = this.#tenants.get(host) ?? NEW;
    this.#tenants.set(host, { ...tenant, sent: tenant.sent + runs });
  }

  /** What an isolate says of its runs. */
  report(host: string, said: Contexts): void {
    const tenant = this.#tenants.get(host) ?? NEW;
    this.#tenants.set(host, { ...tenant, ...said });
    this.#begun += Math.max(0, said.begun - tenant.begun);
  }

  /** The isolate is gone. Runs that were held back for it begin, and fail. */
  leave(host: string): void {
    this.#tenants.delete(host);
    for (const held of this.#held) if (held.host === host) held.begin();
    this.#held = this.#held.filter((held) => held.host !== host);
  }

  /** So much memory is taken, in bytes. To be called once a second. */
  look(bytes: number): void {
    let [open, coming] = [0, 0];
    for (const tenant of this.#tenants.values()) {
      open += tenant.open;
      coming += Math.max(0, tenant.sent - tenant.begun - UNREPORTED);
    }
    this.#begunBefore.push(this.#begun);
    const before = this.#begunBefore.length > AFTER_LOOKS ? (this.#begunBefore.shift() ?? 0) : 0;
    this.#seen = seen(this.#seen, bytes, Math.max(open, this.#begun - before));
    // Those on their way take their room when they begin.
    this.#left = Math.max(0, fitting(this.#seen) - coming);
    for (const { begin } of this.#held.splice(0, this.#left)) {
      this.#left -= 1;
      begin();
    }
    const isHeld = this.#held.length > 0;
    if (isHeld && !this.#wasHeld) this.#onHeld(this.#held.length);
    this.#wasHeld = isHeld;
  }

  /** Nothing is held back any more. */
  close(): void {
    this.#isClosed = true;
    for (const { begin } of this.#held.splice(0)) begin();
  }
}
