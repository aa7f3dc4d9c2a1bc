/**
 * Reads of journals share the event loop: of all of them together only so much is read and parsed in one turn, in the order of
 * asking, however large the journals are and however many are read at once. What is small never waits, but behind what is large.
 */
import type { Clock } from "../../ports/clock.ts";

/** Characters of journal that are read in a turn, about: a row may be longer than that. Some ten milliseconds. */
const TURN = 256 * 1024;

/** Journals that are read to their end at once, if they are longer than `LONG`: what is made of them is in memory meanwhile. */
const LONG_AT_ONCE = 8;

/** Characters. */
const LONG = 1024 * 1024;

export class Reads {
  readonly #clock: Pick<Clock, "soon">;
  #left: number = TURN;
  readonly #waiting: (() => void)[] = [];
  #scheduled = false;
  #long = 0;
  readonly #queue: (() => void)[] = [];

  constructor(clock: Pick<Clock, "soon">) {
    this.#clock = clock;
  }

  /** Resolves when there is time to read; undefined when that is now. Say afterwards, by `did`, how much was read. */
  turn(): Promise<void> | undefined {
    if (this.#left > 0 && this.#waiting.length === 0) return undefined;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#schedule();
    });
  }

  /** So many characters have been read in this turn. */
  did(characters: number): void {
    this.#left -= characters;
    this.#schedule();
    if (this.#left > 0) this.#waiting.shift()?.();
  }

  /** A journal that is to be read to its end, some rows at a time. */
  begin(): LongRead {
    return new LongRead(() => this.#enter());
  }

  #enter(): Promise<() => void> {
    const leave = (): void => {
      this.#long -= 1;
      this.#queue.shift()?.();
    };
    return new Promise((resolve) => {
      const enter = (): void => {
        this.#long += 1;
        resolve(leave);
      };
      if (this.#long < LONG_AT_ONCE) enter();
      else this.#queue.push(enter);
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.soon(() => {
      this.#scheduled = false;
      this.#left = TURN;
      // One, as how much it reads is known only afterwards: then the next.
      this.#waiting.shift()?.();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }
}

/** Takes one of a few places once it turns out to be long. */
class LongRead {
  readonly #enter: () => Promise<() => void>;
  #leave: (() => void) | undefined;
  #read = 0;

  constructor(enter: () => Promise<() => void>) {
    this.#enter = enter;
  }

  /** So many characters have been read; resolves when it may go on. */
  async did(characters: number): Promise<void> {
    this.#read += characters;
    if (this.#read > LONG) this.#leave ??= await this.#enter();
  }

  /** It has ended, one way or another. */
  end(): void {
    this.#leave?.();
    this.#leave = undefined;
  }
}
