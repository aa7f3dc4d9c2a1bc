/** How a request to a Durable Object says for which one it is. */

/** An object of a namespace. */
export interface ObjectName {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** What the id was made of, if it was. */
  readonly name?: string;
}

/** Headers of such requests on their way. None of them reaches the object. */
export const OBJECT_HEADERS = {
  id: "x-stepwell-object",
  name: "x-stepwell-object-name",
  address: "x-stepwell-object-address",
} as const;
