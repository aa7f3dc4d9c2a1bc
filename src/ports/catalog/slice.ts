/** Lists are read in slices. */

/** A slice of a longer list, and how long that is. */
export interface Slice<T> {
  readonly items: readonly T[];
  readonly total: number;
}
