/** Images that the server holds while they arrive in parts, are worked on, and are read in parts: bounded in number, bytes and time. */
import { LIMITS } from "../../model/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Ids } from "../../ports/ids.ts";
import type { Answered, MadeImage } from "./client.ts";

export type Failed = Extract<Answered<object>, { readonly failed: unknown }>;

export function failed(code: number, message: string): Failed {
  return { failed: { code, message } };
}

export const GONE: Failed = failed(9523, "The images have been given up: nothing more of them came for too long");
const FULL = failed(9522, "Too many images are being changed");
const TOO_LARGE = failed(9402, `The images have more than ${LIMITS.imageBytes} bytes`);

/** The images of one piece of work. */
interface Held {
  /** The binding that sends them. */
  readonly owner: string;
  /** The parts that have come, by image. */
  images: Uint8Array[][];
  /** What is left to be read of the image that was made. */
  made: Uint8Array | undefined;
  bytes: number;
  /** Ends the time that its owner has for the next call. */
  stop: () => void;
}

export class HeldImages {
  readonly #clock: Clock;
  readonly #ids: Pick<Ids, "uuid">;
  readonly #held: Map<string, Held> = new Map();
  #bytes = 0;

  constructor(clock: Clock, ids: Pick<Ids, "uuid">) {
    this.#clock = clock;
    this.#ids = ids;
  }

  /** Takes a part of an image. The first part of a piece of work has no key. */
  add(owner: string, key: string | null, index: number, part: Uint8Array): Answered<{ readonly id: string }> {
    const id = key ?? this.#open(owner);
    if (id === undefined) return FULL;
    const held = this.#find(owner, id);
    if (held === undefined) return GONE;
    const isTooLarge = held.bytes + part.length > LIMITS.imageBytes;
    if (isTooLarge || this.#bytes + part.length > LIMITS.imagesHeldBytes) {
      this.drop(owner, id);
      return isTooLarge ? TOO_LARGE : FULL;
    }
    while (held.images.length <= index) held.images.push([]);
    held.images[index]?.push(part);
    this.#count(held, part.length);
    this.#wait(id, held);
    return { id };
  }

  /** The images as a whole, to be worked on. They count as held until they are dropped or something was made of them. */
  take(owner: string, key: string): readonly Uint8Array[] | undefined {
    const held = this.#find(owner, key);
    if (held === undefined) return undefined;
    held.stop();
    const images = held.images.map(joined);
    held.images = [];
    return images;
  }

  /** Holds what was made of them, and gives its first part. */
  keep(owner: string, key: string, made: Uint8Array): Pick<MadeImage, "part" | "hasMore"> | Failed {
    const held = this.#find(owner, key);
    if (held === undefined) return GONE;
    this.#count(held, made.length - held.bytes);
    held.made = made;
    return this.read(owner, key);
  }

  /** The next part of what was made. After the last one nothing is held any more. */
  read(owner: string, key: string): Pick<MadeImage, "part" | "hasMore"> | Failed {
    const held = this.#find(owner, key);
    if (held?.made === undefined) return GONE;
    const part = held.made.slice(0, LIMITS.imagePartBytes);
    held.made = held.made.subarray(part.length);
    const hasMore = held.made.length > 0;
    if (hasMore) this.#wait(key, held);
    else this.drop(owner, key);
    return { part, hasMore };
  }

  drop(owner: string, key: string): void {
    const held = this.#find(owner, key);
    if (held === undefined) return;
    held.stop();
    this.#count(held, -held.bytes);
    this.#held.delete(key);
  }

  #open(owner: string): string | undefined {
    if (this.#held.size >= LIMITS.imagesHeld) return undefined;
    const id = this.#ids.uuid();
    this.#held.set(id, { owner, images: [], made: undefined, bytes: 0, stop: () => {} });
    return id;
  }

  #find(owner: string, key: string): Held | undefined {
    const held = this.#held.get(key);
    return held?.owner === owner ? held : undefined;
  }

  #count(held: Held, bytes: number): void {
    held.bytes += bytes;
    this.#bytes += bytes;
  }

  #wait(key: string, held: Held): void {
    held.stop();
    held.stop = this.#clock.alarm(this.#clock.now() + LIMITS.imageIdleMs, () => this.drop(held.owner, key));
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
