/**
 * Limits failed logins. After too many from one network address, that address is refused for a minute. Failures under one name
 * only delay further attempts, since a stranger can type any name and must not lock its owner out. Passwords are compared a few
 * at a time, as each takes memory and a thread.
 */
import { isIPv6 } from "node:net";
import { Failure } from "../model/failures/failure.ts";
import { LIMITS } from "../model/limits.ts";
import type { Clock } from "../ports/clock.ts";

const MINUTE_MS = 60_000;

/** Addresses and names whose failures are remembered; the least recent makes room. */
const MAX_KEYS = 10_000;

/** Failures under one name in a minute from which on each attempt waits, twice as long as the one before, from this on. */
const FREE = 5;
const DELAY_MS = 100;

/** Passwords that are compared at once. */
const LANES = 2;

/** Whose login it is. */
export interface Attempt {
  /** Of the network. */
  readonly address: string;
  /** Undefined for a token. */
  readonly name?: string | undefined;
}

interface Count {
  /** Epoch milliseconds of the first. */
  readonly since: number;
  /** Pending attempts count among them until they succeed, so that many at once gain nothing. */
  failures: number;
}

export class Attempts {
  readonly #clock: Pick<Clock, "now" | "alarm">;
  readonly #counts: Map<string, Count> = new Map();
  readonly #lanes: Lanes = new Lanes();

  constructor(clock: Pick<Clock, "now" | "alarm">) {
    this.#clock = clock;
  }

  /** Does the work, of which `undefined` is a failure. Fails with `authentication.too_often`. */
  async within<T>({ address, name }: Attempt, work: () => Promise<T | undefined>): Promise<T | undefined> {
    const from = this.#count(`from ${networkOf(address)}`);
    if (from.failures >= LIMITS.failedLogins) throw tooOften(from.since + MINUTE_MS - this.#clock.now());
    from.failures += 1;
    const found = await (name === undefined ? work() : this.#slowly(this.#count(`as ${name}`), work));
    if (found !== undefined) from.failures -= 1;
    return found;
  }

  async #slowly<T>(as: Count, work: () => Promise<T | undefined>): Promise<T | undefined> {
    const over = as.failures - FREE;
    as.failures += 1;
    if (over >= 0) await this.#wait(Math.min(DELAY_MS * 2 ** over, LIMITS.loginDelayMs));
    const found = await this.#lanes.run(work);
    if (found !== undefined) as.failures -= 1;
    return found;
  }

  #count(key: string): Count {
    const now = this.#clock.now();
    const known = this.#counts.get(key);
    const count = known !== undefined && now - known.since < MINUTE_MS ? known : { since: now, failures: 0 };
    this.#counts.delete(key);
    this.#counts.set(key, count);
    if (this.#counts.size > MAX_KEYS) this.#counts.delete(this.#counts.keys().next().value ?? "");
    return count;
  }

  #wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#clock.alarm(this.#clock.now() + ms, resolve);
    return promise;
  }
}

/** Work that only a few may do at once. The newest goes first: when more comes than can be done, each still has its chance. */
class Lanes {
  #free = LANES;
  readonly #waiting: PromiseWithResolvers<void>[] = [];

  /** Fails with `authentication.too_often` when it has waited for the longest of too many. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#queue();
    try {
      return await work();
    } finally {
      const next = this.#waiting.pop();
      if (next === undefined) this.#free += 1;
      else next.resolve();
    }
  }

  #queue(): Promise<void> {
    const turn = Promise.withResolvers<void>();
    this.#waiting.push(turn);
    if (this.#waiting.length > LIMITS.waitingLogins) this.#waiting.shift()?.reject(tooOften(LIMITS.loginDelayMs));
    return turn.promise;
  }
}

function tooOften(retryAfterMs: number): Failure {
  return new Failure("authentication.too_often", { retryAfterMs });
}

/** One who has an address of IPv6 has all of its last 64 bits. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.split("%", 1)[0]?.split("::") ?? [];
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const [first, last] = [groups(head), groups(tail ?? "")];
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  const all = [...first, ...Array.from({ length: zeros }, () => "0"), ...last];
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
