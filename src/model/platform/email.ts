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

/** Whom an email is from or for. */
export interface Mailbox {
  /** Empty when there is none. */
  readonly name: string;
  readonly address: string;
}

/** Characters that would begin another line, another address or another header. */
const CONTROL = /[^\P{Cc}\t]/u;
const ADDRESS = /^[^\s\p{Cc}<>()[\]\\,;:"@]+@[^\s\p{Cc}<>()[\]\\,;:"@]+$/u;
const NAMED = /^(?:"([^"\\]*)"\s*|([^"<>,;]*))<([^<>]+)>$/;

/** As long as an address may be, by RFC 5321. */
const ADDRESS_LENGTH = 320;

/** The one of `ada@example.com` or `Ada <ada@example.com>`; undefined for what is not exactly one address. */
export function mailboxIn(text: string): Mailbox | undefined {
  const [, quoted, plain = "", inner] = NAMED.exec(text.trim()) ?? [];
  return mailboxOf(quoted ?? plain.trim(), inner ?? text);
}

/** The same of its parts. */
export function mailboxOf(name: string, given: string): Mailbox | undefined {
  const address = given.trim();
  if (!ADDRESS.test(address) || address.length > ADDRESS_LENGTH || hasControl(name)) return undefined;
  return { name, address };
}

/** Whether a text that goes into a header has a character that ends it. */
export function hasControl(text: string): boolean {
  return CONTROL.test(text);
}

/** Headers that say what other fields say, or that only servers write. */
const OWN_HEADERS: ReadonlySet<string> = new Set(
  "from sender to cc bcc reply-to subject date message-id mime-version received return-path dkim-signature".split(" "),
);

/** The reason why user code may not add a header to an email of fields. */
export function headerRefusal(name: string, value: string): string | undefined {
  if (!/^[!-9;-~]+$/.test(name) || hasControl(value)) return "email has an invalid header";
  const lower = name.toLowerCase();
  return OWN_HEADERS.has(lower) || lower.startsWith("content-") ? `header ${name} not allowed` : undefined;
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

/** A header without its folds. A carriage return alone is a line's end for some servers. */
const HEADER = /^[^\s:\0]+[ \t]*:[^\r\n\0]*$/;

/** The first reason why a message may not be sent as it is written. */
export function rawRefusal(parts: RawParts, from: string): string | undefined {
  if (parts.headers.some((header) => !HEADER.test(header.replaceAll(/\r?\n[ \t]/g, ""))))
    return "could not parse email: invalid header";
  if (parts.rest.includes("\0")) return "could not parse email: it has a NUL";
  if (headerValues(parts, "message-id").length === 0) return "invalid message-id";
  const senders = headerValues(parts, "from");
  if (senders.length !== 1 || mailboxIn(senders[0] ?? "")?.address !== from) return "From: header does not match mail from";
  return headerValues(parts, "received").length > 0 ? "invalid headers set" : undefined;
}

/**
 * The message with an id of the server's in place of its own, as Cloudflare does. Its lines end as those of SMTP: what some servers take
 * for the end of a line must not be taken for anything else by others.
 */
export function withMessageId({ headers, rest }: RawParts, id: string): string {
  const others = headers.filter((header) => !/^message-id[ \t]*:/i.test(header));
  return [`Message-ID: ${id}`, ...others, "", rest].join("\r\n").replaceAll(/\r\n|\r|\n/g, "\r\n");
}
