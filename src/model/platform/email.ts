/** Emails that Workers send: senders, recipients and headers. The texts of refusals are those of Cloudflare's local engine. */

/** What a binding allows; what is absent allows everything. */
export interface EmailRules {
  readonly destination?: string;
  readonly destinations?: readonly string[];
  readonly senders?: readonly string[];
}

/** The first reason why an email may not be sent. Addresses are compared as they are written. */
export function refusalOf(rules: EmailRules, from: string, recipients: readonly string[]): string | undefined {
  if (rules.senders !== undefined && !rules.senders.includes(from)) return `email from ${from} not allowed`;
  const refused = recipients.find(
    (to) =>
      (rules.destination !== undefined && to !== rules.destination) ||
      (rules.destinations !== undefined && !rules.destinations.includes(to)),
  );
  return refused === undefined ? undefined : `email to ${refused} not allowed`;
}

/** The address of `Ada <ada@example.com>`. */
export function addressIn(text: string): string {
  return (/<([^>]+)>\s*$/.exec(text)?.[1] ?? text).trim();
}

/** The headers of a message in its own form, one text each, and what comes after them. */
export interface RawParts {
  readonly headers: readonly string[];
  readonly rest: string;
}

/** Takes a message apart. Its bytes are characters. */
export function rawParts(raw: string): RawParts {
  const end = /\r?\n\r?\n/.exec(raw);
  const head = end === null ? raw : raw.slice(0, end.index);
  return { headers: head.split(/\r?\n(?![ \t])/), rest: end === null ? "" : raw.slice(end.index + end[0].length) };
}

/** The values of a header. */
export function headerValues({ headers }: RawParts, name: string): string[] {
  return headers.flatMap((header) => {
    const colon = header.indexOf(":");
    if (header.slice(0, colon).trim().toLowerCase() !== name) return [];
    return [
      header
        .slice(colon + 1)
        .replaceAll(/\r?\n[ \t]+/g, " ")
        .trim(),
    ];
  });
}

/** The first reason why a message may not be sent as it is written. */
export function rawRefusal(parts: RawParts, from: string): string | undefined {
  if (parts.headers.some((header) => !/^[^\s:]+[ \t]*:/.test(header))) return "could not parse email: invalid header";
  if (headerValues(parts, "message-id").length === 0) return "invalid message-id";
  if (addressIn(headerValues(parts, "from")[0] ?? "") !== from) return "From: header does not match mail from";
  return headerValues(parts, "received").length > 0 ? "invalid headers set" : undefined;
}

/** The message with an id of the server's in place of its own, as Cloudflare does. */
export function withMessageId({ headers, rest }: RawParts, id: string): string {
  const others = headers.filter((header) => !/^message-id[ \t]*:/i.test(header));
  return [`Message-ID: ${id}`, ...others, "", rest].join("\r\n");
}
