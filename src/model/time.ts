/** Times as the outside sees them. Inside they are epoch milliseconds. */

/** ISO 8601 in UTC, with milliseconds. */
export function iso(ms: number): string {
  // oxlint-disable-next-line no-restricted-globals -- it formats a time that is given; it does not ask what time it is
  return new Date(ms).toISOString();
}
