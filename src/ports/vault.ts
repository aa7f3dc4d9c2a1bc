/**
 * Where secrets lie at rest. Outputs of sensitive steps are sealed before they enter the journal, and opened only on the
 * way back to the code that made them: whatever stands between sees a text that means nothing to it.
 */
import type { Encoded } from "../model/values/value.ts";

/** Whose output it is. What was sealed in one place cannot be opened in another. */
export interface Place {
  readonly workflow: string;
  readonly instance: string;
  /** As `stepId` makes it. */
  readonly step: string;
}

export interface Vault {
  /** A sealed text (`isSealed`) for a value. */
  seal(value: Encoded, place: Place): Encoded;
  /**
   * The value of a sealed text.
   *
   * @throws Failure `vault.key_missing` when it was sealed with a key that is not there, `vault.damaged` when it has been
   * changed, or was sealed for another place.
   */
  open(sealed: Encoded, place: Place): Encoded;
  /** As `seal`, for one of several pieces of an output, counted from 0. */
  sealBytes(piece: Uint8Array, place: Place, number: number): Uint8Array;
  /** As `open`, for a piece; a piece that stood elsewhere in the output is refused, too. */
  openBytes(sealed: Uint8Array, place: Place, number: number): Uint8Array;
}
