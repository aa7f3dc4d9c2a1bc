/** The isolate's end of binding calls: user code asks the engine, and waits. */
import { CALL_DEPTH, decode, encode } from "../../model/values/value.ts";
import type { BindingCall, CallEnd } from "../../protocol/calls.ts";
import { settleable } from "../run/settleable.ts";

/** Asks what a binding stands for: a method, and its arguments. Methods of an instance have its id as their first argument. */
export type Call = (method: string, args: readonly unknown[]) => Promise<unknown>;

/** Tells it something, and waits for nothing: what becomes of it is not heard. */
export type Tell = (method: string, args: readonly unknown[]) => void;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Calls that have not been answered yet. */
export class Calls {
  readonly #send: (id: number, call: BindingCall) => void;
  readonly #waiting: Map<number, Waiting> = new Map();
  #last = 0;

  constructor(send: (id: number, call: BindingCall) => void) {
    this.#send = send;
  }

  /** Asks what a binding stands for. Rejects with an `Error` that has the refusal's text. */
  call(to: string, name: string, method: string, args: readonly unknown[]): Promise<unknown> {
    const { promise, resolve, reject } = settleable<unknown>();
    const id = this.tell(to, name, method, args);
    this.#waiting.set(id, { resolve, reject });
    return promise;
  }

  /** Leaves no promise behind, which workerd would warn of if the request that made it had ended by the time of the answer. */
  tell(to: string, name: string, method: string, args: readonly unknown[]): number {
    const encoded = encode(args, CALL_DEPTH);
    const id = (this.#last += 1);
    this.#send(id, { to, name, method, args: encoded });
    return id;
  }

  answer(id: number, end: CallEnd): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (end.kind === "answered") waiting?.resolve(decode(end.value));
    else waiting?.reject(new Error(end.message));
  }
}
