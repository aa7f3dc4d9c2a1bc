/**
 * Gathers the messages of scripts until their invocation has ended, for clients that follow a log one invocation at a time. A
 * long invocation, or one that writes a lot, is reported in parts. Pure: the caller passes the time and asks again for what is
 * due.
 */
import type { ScriptInvocation, ScriptLine } from "../../ports/script-log.ts";
import type { Origin } from "../../protocol/origin.ts";

/** An invocation, or a part of one, with the messages that it has written in that time. */
export interface InvocationReport {
  /** Absent when it is not known. */
  readonly invocation?: ScriptInvocation;
  readonly lines: readonly ScriptLine[];
}

/** How long an invocation may go on before its messages are reported, in milliseconds. */
export const PART_MS = 5_000;

/**
 * How long messages may come after the end of an instance's run, or after a request was cut off, in milliseconds: these ends do
 * not arrive over the channel of the messages. Other ends arrive in order.
 */
export const LATE_MS = 250;

/** Messages, and characters, of an invocation that are gathered at the most before they are reported. Cloudflare: 256 KB. */
const PART_LINES = 250;
const PART_TEXT = 128 * 1024;

/** Characters that are gathered of all at the most. */
const ALL_TEXT = 8 * 1024 * 1024;

/** How many running or cut off invocations are remembered: the newest. */
const REMEMBERED = 500;

interface Gathering {
  invocation: ScriptInvocation | undefined;
  lines: ScriptLine[];
  text: number;
  /** When it is reported. */
  dueAt: number;
}

export class Invocations {
  /** By origin. */
  readonly #gathering: Map<string, Gathering> = new Map();
  /** Invocations that were reported in part or cut off: their end is reported late. */
  readonly #known: Map<string, ScriptInvocation> = new Map();
  #text = 0;

  get isEmpty(): boolean {
    return this.#gathering.size === 0;
  }

  /** Takes a message of an invocation. Returns what is to be reported now. */
  write(line: ScriptLine, origin: Origin, now: number): readonly InvocationReport[] {
    const key = keyOf(line.version?.id, origin);
    const own = this.#of(key, now);
    own.lines.push(line);
    own.text += line.text.length;
    this.#text += line.text.length;
    if (this.#text > ALL_TEXT) return [...this.#gathering.keys()].map((each) => this.#take(each));
    return own.text > PART_TEXT || own.lines.length >= PART_LINES ? [this.#take(key)] : [];
  }

  /** Takes what is known of an invocation. Returns what is to be reported now. */
  learn(invocation: ScriptInvocation, now: number): readonly InvocationReport[] {
    const { outcome, version, origin } = invocation;
    const key = keyOf(version.id, origin);
    if (outcome === undefined) {
      this.#of(key, now).invocation ??= invocation;
      return [];
    }
    const isRequest = "request" in origin;
    const hasEnded = this.#gathering.get(key)?.invocation?.outcome !== undefined;
    if (isRequest && (hasEnded || this.#known.get(key)?.outcome !== undefined)) return [];
    this.#known.delete(key);
    // The run before this one has ended just now.
    const before = hasEnded ? [this.#take(key)] : [];
    const own = this.#of(key, now);
    own.invocation = invocation;
    own.dueAt = now + LATE_MS;
    return isRequest && !mayComeAgain(invocation) ? [this.#take(key)] : before;
  }

  /** What is to be reported by now. */
  due(now: number): readonly InvocationReport[] {
    return [...this.#gathering].flatMap(([key, { dueAt }]) => (dueAt <= now ? [this.#take(key)] : []));
  }

  #of(key: string, now: number): Gathering {
    let own = this.#gathering.get(key);
    if (own === undefined) {
      own = { invocation: this.#known.get(key), lines: [], text: 0, dueAt: now + PART_MS };
      this.#gathering.set(key, own);
    }
    return own;
  }

  /** Takes out what has been gathered of an invocation. */
  #take(key: string): InvocationReport {
    const { invocation, lines, text } = this.#of(key, 0);
    this.#gathering.delete(key);
    this.#text -= text;
    if (invocation !== undefined && mayComeAgain(invocation)) this.#remember(key, invocation);
    return { lines, ...(invocation && { invocation }) };
  }

  #remember(key: string, invocation: ScriptInvocation): void {
    this.#known.delete(key);
    this.#known.set(key, invocation);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= REMEMBERED) return;
      this.#known.delete(oldest);
    }
  }
}

/** True while it goes on, or when its isolate does not know yet that it was cut off. */
function mayComeAgain({ origin, outcome }: ScriptInvocation): boolean {
  return "request" in origin && (outcome === undefined || outcome === "canceled" || outcome === "unknown");
}

/** Instances are known by their names, which another version of a script may have used. */
function keyOf(version: string | undefined, origin: Origin): string {
  return "request" in origin ? origin.request : JSON.stringify([version, origin.workflow, origin.instance]);
}
