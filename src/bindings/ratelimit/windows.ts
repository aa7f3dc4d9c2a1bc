/**
 * How often each key has been counted in the window that lasts. Windows begin at whole multiples of their period, as in Cloudflare's
 * simulator. Counts are in memory: a restart of the server forgets them. Of too many keys the one that was asked for least recently is
 * forgotten.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { LIMITS } from "../../model/limits.ts";
import type { Clock } from "../../ports/clock.ts";

interface Window {
  readonly number: number;
  readonly counts: Map<string, number>;
}

/** What is counted, how much it counts, and within which bounds. */
export interface Counted {
  readonly namespaceId: string;
  readonly key: string;
  readonly delta: number;
  readonly limit: number;
  /** Seconds. */
  readonly period: number;
}

/** The windows of all rate limits of a server. */
export class RateWindows {
  readonly #clock: Pick<Clock, "now">;
  readonly #most: number;
  /** By period, which is one of two. */
  readonly #windows: Map<number, Window> = new Map();

  constructor(clock: Pick<Clock, "now">, most: number = LIMITS.rateLimitKeys) {
    this.#clock = clock;
    this.#most = most;
  }

  /** Counts, unless the limit has been reached: false then. What passes it is let through once, as on Cloudflare. */
  count({ namespaceId, key, delta, limit, period }: Counted): boolean {
    const { counts } = this.#window(period);
    const id = idOf(namespaceId, key);
    const before = counts.get(id) ?? 0;
    const passes = before < limit;
    // Deleted and set: the map is in the order of use.
    counts.delete(id);
    counts.set(id, passes ? before + delta : before);
    const [oldest] = counts.keys();
    if (counts.size > this.#most && oldest !== undefined) counts.delete(oldest);
    return passes;
  }

  #window(period: number): Window {
    const number = Math.floor(this.#clock.now() / (period * 1_000));
    const last = this.#windows.get(period);
    if (last?.number === number) return last;
    const window = { number, counts: new Map<string, number>() };
    this.#windows.set(period, window);
    return window;
  }
}

/** Of a fixed size, however long the key is. */
function idOf(namespaceId: string, key: string): string {
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify([namespaceId, key]))).subarray(0, 16));
}
