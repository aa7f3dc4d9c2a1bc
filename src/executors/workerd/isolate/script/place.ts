/**
 * A request context of workerd as the place of a run. The isolate calls itself for each run, and the user's code is called from
 * within that request: its timers, requests, streams and sockets belong to it, and end when it is aborted — which only code in
 * the same context can do. Code outside queues its work and settles a promise that was made inside.
 */
import type { ExecutionContext } from "../../../../runtime/run/execution-context.ts";
import type { Place } from "../../../../runtime/run/place.ts";
import { settleable } from "../../../../runtime/run/settleable.ts";
import { UNREPORTED } from "../../messages.ts";
import type { Socket } from "./link.ts";

/** What workerd gives to an entrypoint. */
export interface IsolateContext extends ExecutionContext {
  abort(reason: string): void;
}

/** Calls the isolate itself; the answer comes when the context is over. */
export type Loopback = (url: string) => Promise<unknown>;

/** The longest delay that timers take, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** How long what a run has left to `waitUntil` may go on after it, in milliseconds: as on Cloudflare. */
const GRACE_MS = 30_000;

const ORIGIN = "http://run.invalid/";

/** Makes the context count as busy until the timer is cleared: workerd gives up those that wait for nothing of its own. */
function keepAlive(): ReturnType<typeof setTimeout> {
  return setTimeout(() => {}, MAX_TIMER_MS);
}

/** Runs `work` in a context that counts as busy. */
export async function keptAlive<T>(work: () => Promise<T>): Promise<T> {
  const timer = keepAlive();
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

class RunPlace implements Place {
  readonly #strayed: (cause: Error) => void;
  #work: ((context: ExecutionContext) => void)[] = [];
  #wake: () => void = () => {};
  #end: "left" | "cut" | undefined;
  /** What is to be called when workerd gives the context up; undefined while it may not. */
  #rested: (() => void) | undefined;
  /** Belongs to the context: its state cannot be read in any other. */
  #native: Socket | undefined;

  /** `strayed` is called when the place itself is woken in another context: then nothing in it can be ended. */
  constructor(strayed: (cause: Error) => void) {
    this.#strayed = strayed;
  }

  enter(work: (context: ExecutionContext) => void): void {
    this.#work.push(work);
    this.#wake();
  }

  isHere(): boolean {
    try {
      return this.#native === undefined || this.#native.readyState > 0;
    } catch {
      return false;
    }
  }

  rest(over: () => void): void {
    this.#rested = over;
    this.#wake();
  }

  stay(): void {
    this.#rested = undefined;
    this.#wake();
  }

  leave(): void {
    this.#end ??= "left";
    this.#wake();
  }

  cut(): void {
    this.#end = "cut";
    this.#wake();
  }

  /** The context has ended. True when it was to. */
  over(): boolean {
    // What was made in it is not to be settled any more.
    this.#wake = () => {};
    if (this.#end !== undefined) return true;
    this.#rested?.();
    return this.#rested !== undefined;
  }

  /**
   * Called inside; resolves when the run needs the context no more. While it rests, nothing of ours keeps the context alive:
   * workerd gives it up as soon as no timer, request or socket of user code does.
   */
  async live(context: IsolateContext): Promise<void> {
    this.#native = new WebSocketPair()[0];
    let alive: ReturnType<typeof setTimeout> | undefined;
    for (;;) {
      if (!this.isHere()) return this.#strayed(new Error("A run was woken in another request context"));
      if (this.#rested === undefined) alive ??= keepAlive();
      else {
        clearTimeout(alive);
        alive = undefined;
      }
      for (const work of this.#work.splice(0)) work(context);
      if (this.#end === "cut") context.abort("The instance is no longer running here");
      if (this.#end !== undefined) break;
      const { promise, resolve } = settleable();
      this.#wake = resolve;
      await promise;
    }
    clearTimeout(alive);
    // If something is left to `waitUntil` the context goes on after this; else it ends, and this timer with it.
    setTimeout(() => context.abort("What was left to waitUntil took too long"), GRACE_MS);
  }
}

/** The places that there are. */
export class Places {
  readonly #places: Map<number, RunPlace> = new Map();
  readonly #strayed: (cause: Error) => void;
  readonly #changed: () => void;
  #last = 0;
  /** How many have come or gone since `changed` was called. */
  #changes = 0;

  /**
   * `strayed` is called when a place cannot be ended any more; the isolate has to be. `changed` is called each time that a
   * number of places have come or gone.
   */
  constructor(strayed: (cause: Error) => void, changed: () => void) {
    this.#strayed = strayed;
    this.#changed = changed;
  }

  get size(): number {
    return this.#places.size;
  }

  /** A place for a run. `lost` is called when its context ends before it should. */
  open(loopback: Loopback, lost: (detail: string) => void): Place {
    const id = (this.#last += 1);
    const place = new RunPlace(this.#strayed);
    this.#places.set(id, place);
    this.#count();
    const gone = (reason: unknown): void => {
      this.#places.delete(id);
      this.#count();
      if (!place.over()) lost(reason instanceof Error ? reason.message : "Its context has ended");
    };
    void loopback(`${ORIGIN}${id}`).then(() => gone(undefined), gone);
    return place;
  }

  /** Gives a context to the place that it was asked for. False when there is none: user code can call the isolate, too. */
  async inhabit(url: string, context: IsolateContext): Promise<boolean> {
    const id = Number(url.slice(ORIGIN.length));
    const place = this.#places.get(id);
    if (place === undefined || this.#inhabited.has(place)) return false;
    this.#inhabited.add(place);
    await place.live(context);
    return true;
  }

  #count(): void {
    this.#changes += 1;
    if (this.#changes < UNREPORTED) return;
    this.#changes = 0;
    this.#changed();
  }

  cutAll(): void {
    for (const place of this.#places.values()) place.cut();
  }

  readonly #inhabited: WeakSet<RunPlace> = new WeakSet();
}
