/** What a test and the relay in workerd say to one another. */

export const RELAY_HEADERS = { target: "x-stepwell-relay-target", threw: "x-stepwell-relay-threw" } as const;

/** What is to be called. */
export interface RelayTarget {
  /** A binding of the relay. */
  readonly binding: string;
  /** Which object of a namespace. */
  readonly object?: { readonly id: string; readonly name?: string };
  /** A method, or a property; absent for a request. */
  readonly member?: string;
}
