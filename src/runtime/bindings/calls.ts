/** The isolate's end of binding calls: user code asks the engine, and waits. */
import { CALL_DEPTH, decode, encode } from "../../model/values/value.ts";
import type { BindingCall, CallEnd } from "../../protocol/calls.ts";
import { settleable } from "../run/settleable.ts";

/** Asks the engine. Handle methods have the instance's id as their first argument. */
export type Call = (method: string, args: readonly unknown[]) => Promise<unknown>;

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
  call(to: BindingCall["to"], name: string, method: string, args: readonly unknown[]): Promise<unknown> {
    const { promise, resolve, reject } = settleable<unknown>();
    const encoded = encode(args, CALL_DEPTH);
    const id = (this.#last += 1);
    this.#waiting.set(id, { resolve, reject });
    this.#send(id, { to, name, method, args: encoded });
    return promise;
  }

  answer(id: number, end: CallEnd): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (end.kind === "answered") waiting?.resolve(decode(end.value));
    else waiting?.reject(new Error(end.message));
  }
}
