/**
 * Items that have just become durable, for watchers: kept once for all readers, up to a bound. Each reader takes the items
 * it has not seen yet when it is ready; a reader that is too slow is notified how many it has missed.
 */
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import type { Clock } from "../../ports/clock.ts";

/** What a reader had not seen. `missed` items before them are gone. */
export interface News<T> {
  readonly items: readonly T[];
  readonly missed: number;
}

/** Reads a feed from where it was opened on. */
export interface FeedReader<T> {
  /** Resolves when there are news, with all of them; with `undefined` once the reader is closed or the feed has ended. */
  next(): Promise<News<T> | undefined>;
  /** Nothing is kept for it any more. */
  close(): void;
}

/**
 * Turns of the event loop between news and the notification of readers. On an idle process they pass at once; on a busy
 * one they gather the news of several commits, so that many readers cost the other work little.
 */
const TURNS = 16;

/** The items of one subject. The oldest go when they weigh more than `LIMITS.feedBytes`; the newest always stays. */
class Feed<T> {
  readonly #items: { readonly item: T; readonly weight: number }[] = [];
  readonly #readers: Set<() => void> = new Set();
  #weight = 0;
  /** How many items there have been. */
  end = 0;
  over: "no" | "ended" | Failure = "no";

  get watched(): boolean {
    return this.#readers.size > 0;
  }

  push(item: T, weight: number): void {
    this.#items.push({ item, weight });
    this.end += 1;
    this.#weight += weight;
    while (this.#weight > LIMITS.feedBytes && this.#items.length > 1) this.#weight -= this.#items.shift()?.weight ?? 0;
  }

  since(position: number): News<T> {
    const fresh = this.end - position;
    const kept = Math.min(fresh, this.#items.length);
    return { items: kept === 0 ? [] : this.#items.slice(-kept).map(({ item }) => item), missed: fresh - kept };
  }

  add(wake: () => void): void {
    this.#readers.add(wake);
  }

  remove(wake: () => void): void {
    this.#readers.delete(wake);
  }

  wake(): void {
    for (const wake of this.#readers) wake();
  }
}

class Reader<T> implements FeedReader<T> {
  readonly #feed: Feed<T>;
  readonly #signal: AbortSignal;
  readonly #left: () => void;
  #position: number;
  #news: PromiseWithResolvers<void> = Promise.withResolvers();
  #closed = false;

  constructor(feed: Feed<T>, signal: AbortSignal, left: () => void) {
    this.#feed = feed;
    this.#signal = signal;
    this.#left = left;
    this.#position = feed.end;
    feed.add(this.#wake);
    signal.addEventListener("abort", this.close);
    if (signal.aborted) this.close();
  }

  async next(): Promise<News<T> | undefined> {
    while (!this.#closed) {
      if (this.#position < this.#feed.end) {
        const found = this.#feed.since(this.#position);
        this.#position = this.#feed.end;
        return found;
      }
      if (this.#feed.over instanceof Failure) throw this.#feed.over;
      if (this.#feed.over === "ended") break;
      this.#news = Promise.withResolvers();
      await this.#news.promise;
    }
    return undefined;
  }

  readonly close = (): void => {
    if (this.#closed) return;
    this.#closed = true;
    this.#signal.removeEventListener("abort", this.close);
    this.#feed.remove(this.#wake);
    this.#left();
    this.#wake();
  };

  readonly #wake = (): void => this.#news.resolve();
}

/** Feeds by subject. A feed exists while it has a reader. */
export class Feeds<K, T> {
  readonly #clock: Clock;
  readonly #feeds: Map<K, Feed<T>> = new Map();
  /** Feeds whose readers are to be notified. */
  readonly #fresh: Set<Feed<T>> = new Set();
  #closed: Failure | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True while the feed of this subject has a reader: without one no items need to be made. */
  watched(subject: K): boolean {
    return this.#feeds.has(subject);
  }

  push(subject: K, item: T, weight: number): void {
    const feed = this.#feeds.get(subject);
    if (feed === undefined) return;
    feed.push(item, weight);
    if (this.#fresh.size === 0) this.#tellAfter(TURNS);
    this.#fresh.add(feed);
  }

  /** Nothing more will come: readers get the rest, and then the end. */
  end(subject: K): void {
    const feed = this.#feeds.get(subject);
    if (feed === undefined) return;
    this.#feeds.delete(subject);
    feed.over = "ended";
    feed.wake();
  }

  /** Readers fail with `reason` after the remaining items, later readers at once. The first reason counts. */
  close(reason: Failure): void {
    this.#closed ??= reason;
    for (const feed of this.#feeds.values()) {
      feed.over = this.#closed;
      feed.wake();
    }
    this.#feeds.clear();
  }

  /** Reads on until it is closed or `signal` aborts. */
  open(subject: K, signal: AbortSignal): FeedReader<T> {
    const feed = this.#feedOf(subject);
    return new Reader(feed, signal, () => {
      if (!feed.watched && this.#feeds.get(subject) === feed) this.#feeds.delete(subject);
    });
  }

  #feedOf(subject: K): Feed<T> {
    const present = this.#feeds.get(subject);
    if (present !== undefined) return present;
    const feed = new Feed<T>();
    if (this.#closed !== undefined) feed.over = this.#closed;
    else this.#feeds.set(subject, feed);
    return feed;
  }

  #tellAfter(turns: number): void {
    this.#clock.soon(() => {
      if (turns > 1) return this.#tellAfter(turns - 1);
      const fresh = [...this.#fresh];
      this.#fresh.clear();
      for (const feed of fresh) feed.wake();
    });
  }
}
