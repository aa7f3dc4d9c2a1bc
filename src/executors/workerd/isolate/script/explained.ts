/** `fetch`, with errors that say why: workerd's own say no more than where in its log the reason is. */
import { settleable } from "../../../../runtime/run/settleable.ts";
import { lossOf } from "../lost.ts";
import { explanation, referenceIn, type Incident } from "../../output/incidents.ts";

type Fetch = typeof globalThis.fetch;

/** How long to wait for a reason, in milliseconds. The error is as good as it was without. */
const LATE_MS = 1_000;

/** True when workerd says that the request may be tried again: its connection was lost. */
function isLoss(thrown: Error): boolean {
  return (thrown as { retryable?: unknown }).retryable === true;
}

/** Its text stays as it is on Cloudflare. */
function addCause(thrown: Error, value: Error | undefined): void {
  if (value !== undefined && thrown.cause === undefined)
    Object.defineProperty(thrown, "cause", { value, writable: true, configurable: true });
}

/** Who waits for the reason of an error. */
export class Explanations {
  readonly #post: (reference: string) => void;
  readonly #waiting: Map<string, (incident: Incident | undefined) => void> = new Map();

  /** `post` asks the host. */
  constructor(post: (reference: string) => void) {
    this.#post = post;
  }

  /** Replaces the global `fetch`. What succeeds is not looked at. */
  install(): void {
    const plain = globalThis.fetch;
    const explain = async (thrown: unknown, to: Parameters<Fetch>[0]): Promise<void> => {
      if (!(thrown instanceof Error)) return;
      const url = new URL(to instanceof Request ? to.url : String(to));
      if (isLoss(thrown)) return addCause(thrown, await lossOf(url));
      const reference = referenceIn(thrown.message);
      const incident = reference === undefined ? undefined : await this.#ask(reference);
      if (reference !== undefined && incident !== undefined) thrown.message = explanation(incident, url.host, reference);
    };
    const fetch = async (...args: Parameters<Fetch>): Promise<Response> => {
      try {
        return await Reflect.apply(plain, globalThis, args);
      } catch (thrown) {
        // That it cannot be explained is no other error.
        await explain(thrown, args[0]).catch(() => undefined);
        throw thrown;
      }
    };
    globalThis.fetch = fetch;
  }

  /** The host's answer. */
  answer(reference: string, incident: Incident | undefined): void {
    this.#waiting.get(reference)?.(incident);
  }

  async #ask(reference: string): Promise<Incident | undefined> {
    const { promise, resolve } = settleable<Incident | undefined>();
    this.#waiting.set(reference, resolve);
    // It also tells workerd that the context waits for something.
    const late = setTimeout(resolve, LATE_MS, undefined);
    try {
      this.#post(reference);
      return await promise;
    } finally {
      clearTimeout(late);
      this.#waiting.delete(reference);
    }
  }
}
