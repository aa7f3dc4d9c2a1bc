/**
 * How often somebody may try to log in and fail: from one address, under one name, and all together. Attempts under way count
 * as failed until they are known not to be, so that many at once gain nothing.
 */
import { Failure } from "../model/errors.ts";
import { LIMITS } from "../model/limits.ts";

const MINUTE_MS = 60_000;

/** Keys that are remembered within a minute; beyond them only the sum counts. */
const MAX_KEYS = 10_000;

/** Counts attempts, minute by minute. */
export class Attempts {
  readonly #now: () => number;
  #since = 0;
  #all = 0;
  #byKey: Map<string, number> = new Map();

  /** `now` answers epoch milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Does the work unless there have been too many; `undefined` from it is a failure. Fails with `authentication.too_often`. */
  async within<T>(keys: readonly string[], work: () => Promise<T | undefined>): Promise<T | undefined> {
    const now = this.#now();
    if (now - this.#since >= MINUTE_MS) [this.#since, this.#all, this.#byKey] = [now, 0, new Map()];
    const isTooMany =
      this.#all >= LIMITS.failedLoginsInAll || keys.some((key) => (this.#byKey.get(key) ?? 0) >= LIMITS.failedLogins);
    if (isTooMany) throw new Failure("authentication.too_often", { retryAfterMs: this.#since + MINUTE_MS - now });
    const { byKey, since } = { byKey: this.#byKey, since: this.#since };
    this.#add(byKey, keys, 1);
    const found = await work();
    if (found !== undefined && since === this.#since) this.#add(byKey, keys, -1);
    return found;
  }

  #add(byKey: Map<string, number>, keys: readonly string[], by: number): void {
    this.#all += by;
    for (const key of keys) if (byKey.has(key) || byKey.size < MAX_KEYS) byKey.set(key, (byKey.get(key) ?? 0) + by);
  }
}
