/** Identity and chance, handed in so that tests can foretell them. */
export interface Ids {
  /** A new random UUID (version 4). */
  uuid(): string;
  /** What cannot be guessed: 32 random bytes in base64url. */
  secret(): string;
  /** From 0 to below 1. */
  chance(): number;
}
