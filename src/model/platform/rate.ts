/**
 * How fast something may happen: a bucket that fills by so many tokens a second, up to one second's worth, and from which
 * each thing takes one. Many at once are let through whole as soon as the bucket is as full as it gets, and paid for
 * afterwards, so that a batch larger than the bucket is slowed down but never shut out.
 */

/** What there was at a moment (milliseconds by any clock); fewer than none while a batch is being paid for. */
export interface Bucket {
  /** Thousandths of a token: so many a millisecond as there are tokens a second, which keeps them whole. */
  readonly thousandths: number;
  readonly at: number;
}

/** The bucket as it is then, and how many milliseconds are to be waited first: 0 when the tokens have been taken. */
export interface Taken {
  readonly bucket: Bucket;
  readonly waitMs: number;
}

/** Takes tokens from a bucket, or says when there will be enough. Pure. Undefined stands for a full bucket. */
export function takeTokens(before: Bucket | undefined, perSecond: number, wanted: number, now: number): Taken {
  const bucket = refilled(before ?? { thousandths: perSecond * 1_000, at: now }, perSecond, now);
  const missing = Math.min(wanted, perSecond) * 1_000 - bucket.thousandths;
  if (missing > 0) return { bucket, waitMs: Math.ceil(missing / perSecond) };
  return { bucket: { ...bucket, thousandths: bucket.thousandths - wanted * 1_000 }, waitMs: 0 };
}

function refilled({ thousandths, at }: Bucket, perSecond: number, now: number): Bucket {
  // What is asked of an earlier moment gains nothing, and loses nothing.
  const gained = Math.max(0, now - at) * perSecond;
  return { thousandths: Math.min(perSecond * 1_000, thousandths + gained), at: Math.max(at, now) };
}
