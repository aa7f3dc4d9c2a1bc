/**
 * Requests as people who follow a log may see them: without what could be a secret. The rules are Cloudflare's, for headers by
 * their names and for URLs by what looks like an id.
 */

const REDACTED = "REDACTED";

const SECRET_HEADER = /^(?:set-)?cookie$|auth|key|secret|token|jwt/;

/** Letters and digits, with what ids put between them. */
const SPAN = /[\w+-]+/g;

const HEX_ID_DIGITS = 32;
const BASE64_ID_LENGTH = 21;

/** The headers, by their names in lower case. */
export function redactedHeaders(headers: Iterable<readonly [string, string]>): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [name, value] of headers) shown[name.toLowerCase()] = SECRET_HEADER.test(name.toLowerCase()) ? REDACTED : value;
  return shown;
}

/** The URL without ids of 32 hexadecimal digits or more, and without what looks like 21 or more characters of base64. */
export function redactedUrl(url: string): string {
  return url.replaceAll(SPAN, (span) => (isId(span) ? REDACTED : span));
}

function isId(span: string): boolean {
  const count = (pattern: RegExp): number => span.match(pattern)?.length ?? 0;
  if (!/[^\da-f+_-]/i.test(span) && count(/[\da-f]/gi) >= HEX_ID_DIGITS) return true;
  return span.length >= BASE64_ID_LENGTH && [/\d/g, /[A-Z]/g, /[a-z]/g].every((kind) => count(kind) >= 2);
}
