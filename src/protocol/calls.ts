/** What user code asks of the engine through its bindings, and the answer. Values travel encoded. */

/** What user code in a host may ask of the engine. */
export interface BindingCall {
  /** The type of the binding. */
  readonly to: string;
  /** What the binding stands for, by its name. */
  readonly name: string;
  readonly method: string;
  /** An encoded array of arguments. */
  readonly args: string;
}

/** How a binding call ended: with an encoded value, or with the text of an error. */
export type CallEnd =
  | { readonly kind: "answered"; readonly value: string }
  | { readonly kind: "refused"; readonly message: string };
