/** Identity, handed in so that tests can foretell it. */
export interface Ids {
  /** A new random UUID (version 4). */
  uuid(): string;
}
