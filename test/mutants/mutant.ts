/**
 * A planted fault: one edit of the source, with what goes wrong by it. The simulator has to find every one of them. An invariant
 * is named by its number in ARCHITECTURE.md.
 */
export interface Mutant {
  readonly name: string;
  /** What it breaks; 13 is liveness. */
  readonly invariant: number;
  /** Of the folder `src`. */
  readonly file: string;
  /** What is there, exactly once. */
  readonly find: string;
  readonly replace: string;
}
