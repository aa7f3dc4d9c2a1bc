/**
 * A request context of workerd as the place of a run. The isolate calls itself for each run, and the user's code is called
 * from within that request: its timers, requests, streams and sockets belong to it, and end when it is aborted — which only
 * code in the same context can do. Whoever is outside leaves word and settles a promise that was made inside.
 */
import type { ExecutionContext } from "../../../runtime/execution-context.ts";
import type { Place } from "../../../runtime/place.ts";
import { settleable } from "../../../runtime/settleable.ts";

/** What workerd gives to an entrypoint. */
export interface IsolateContext extends ExecutionContext {
  abort(reason: string): void;
}

/** A socket that nobody speaks over. */
interface NativeSocket {
  readonly readyState: number;
}

declare const WebSocketPair: new () => { readonly 0: NativeSocket };

/** Calls the isolate itself; the answer comes when the context is over. */
export type Loopback = (url: string) => Promise<unknown>;

/** The longest delay that timers take, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** How long what a run has left to `waitUntil` may go on after it, in milliseconds: as on Cloudflare. */
const GRACE_MS = 30_000;

const ORIGIN = "http://run.invalid/";

/** Runs `work` in a context that counts as busy: workerd gives up those that wait for nothing of its own. */
export async function keptAlive<T>(work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => {}, MAX_TIMER_MS);
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
  /** Belongs to the context: its state cannot be read in any other. */
  #native: NativeSocket | undefined;

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

  leave(): void {
    this.#end ??= "left";
    this.#wake();
  }

  cut(): void {
    this.#end = "cut";
    this.#wake();
  }

  /** True when the context was to end. */
  get isOver(): boolean {
    return this.#end !== undefined;
  }

  /** Called inside; resolves when the run needs the context no more. */
  async live(context: IsolateContext): Promise<void> {
    this.#native = new WebSocketPair()[0];
    for (;;) {
      if (!this.isHere()) return this.#strayed(new Error("A run was woken in another request context"));
      for (const work of this.#work.splice(0)) work(context);
      if (this.#end === "cut") context.abort("The instance is no longer running here");
      if (this.#end !== undefined) break;
      const { promise, resolve } = settleable();
      this.#wake = resolve;
      await promise;
    }
    // If something is left to `waitUntil` the context goes on after this; else it ends, and this timer with it.
    setTimeout(() => context.abort("What was left to waitUntil took too long"), GRACE_MS);
  }
}

/** The places that there are. */
export class Places {
  readonly #places: Map<number, RunPlace> = new Map();
  readonly #strayed: (cause: Error) => void;
  #last = 0;

  /** `strayed` is called when a place cannot be ended any more; the isolate has to be. */
  constructor(strayed: (cause: Error) => void) {
    this.#strayed = strayed;
  }

  get size(): number {
    return this.#places.size;
  }

  /** A place for a run. `lost` is called when its context ends before it should. */
  open(loopback: Loopback, lost: (detail: string) => void): Place {
    const id = (this.#last += 1);
    const place = new RunPlace(this.#strayed);
    this.#places.set(id, place);
    const gone = (reason: unknown): void => {
      this.#places.delete(id);
      if (!place.isOver) lost(reason instanceof Error ? reason.message : "Its context has ended");
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
    await keptAlive(() => place.live(context));
    return true;
  }

  cutAll(): void {
    for (const place of this.#places.values()) place.cut();
  }

  readonly #inhabited: WeakSet<RunPlace> = new WeakSet();
}
