/** What becomes of an email that a Worker sends: it is checked, delivered if the server delivers, and kept. */
import { z } from "zod";
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import {
  hasControl,
  headerRefusal,
  headerValues,
  mailboxIn,
  mailboxOf,
  rawParts,
  rawRefusal,
  refusalOf,
  withMessageId,
  type Mailbox,
} from "../../model/platform/email.ts";
import { decode, encode } from "../../model/values/value.ts";
import type { BindingOf } from "../../ports/catalog/bindings.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EmailStore, KeptEmail, Mailer, OutgoingEmail } from "../../ports/logs/emails.ts";
import type { Ids } from "../../ports/ids.ts";
import type { Log } from "../../ports/log.ts";
import type { Answer } from "../answer.ts";

/** What sends emails. */
export interface EmailParts {
  readonly store: EmailStore;
  /** Absent when emails are only kept. */
  readonly mailer?: Mailer | undefined;
  readonly clock: Clock;
  readonly ids: Pick<Ids, "uuid">;
  readonly log: Log;
}

const address = z.union([z.string(), z.object({ name: z.string(), email: z.string() })]);
const recipients = z.union([address, z.array(address)]).optional();

const built = z.object({
  from: address,
  to: recipients,
  cc: recipients,
  bcc: recipients,
  replyTo: address.optional(),
  subject: z.string().default("(no subject)"),
  headers: z.record(z.string(), z.string()).optional(),
  text: z.string().optional(),
  html: z.string().optional(),
  attachments: z
    .array(
      z.object({
        filename: z.string(),
        type: z.string(),
        disposition: z.enum(["inline", "attachment"]).default("attachment"),
        contentId: z.string().optional(),
        content: z.union([z.string(), z.instanceof(Uint8Array)]),
      }),
    )
    .optional(),
});

const raw = z.object({ from: z.string(), to: z.string(), raw: z.instanceof(Uint8Array) });

const send = z.tuple([z.union([raw, built])]);

/** An email that is ready: what is kept of it, and what is delivered. */
interface Ready {
  readonly kept: Pick<KeptEmail, "from" | "to" | "subject" | "text" | "html" | "raw">;
  readonly content: OutgoingEmail["content"];
}

/** Answers the calls of user code. What it refuses is part of the answer, in Cloudflare's words. */
export function emailAnswers({ store, mailer, clock, ids, log }: EmailParts): Answer<"send_email"> {
  let underWay = 0;
  let textUnderWay = 0;
  return async ({ name, method, args }, rules) => {
    if (method !== "send") throw new Failure("body", { detail: `A binding for emails has no method "${method}"` });
    if (args.length > 2 * LIMITS.emailBytes) return encode({ refused: TOO_LARGE });
    if (underWay >= LIMITS.emailsAtOnce || textUnderWay + args.length > LIMITS.emailsAtOnceText)
      return encode({ refused: "too many emails are being sent" });
    const given = send.safeParse(decode(args));
    if (!given.success) throw new Failure("body", { detail: given.error.issues[0]?.message ?? "Not valid" });
    const [message] = given.data;
    const from = mailboxFrom(message.from);
    if (from === undefined) return encode({ refused: "from is not an email address" });
    const messageId = `<${ids.uuid()}@${from.address.slice(from.address.lastIndexOf("@") + 1)}>`;
    const ready = "raw" in message ? readRaw(message, messageId, rules) : readBuilt(message, from, messageId, rules);
    if (typeof ready === "string") return encode({ refused: ready });
    const { kept, content } = ready;
    underWay += 1;
    textUnderWay += args.length;
    const envelope = { from: kept.from, to: kept.to };
    const error = await (mailer?.({ envelope, content }).then(() => null, reasonOf) ?? null);
    underWay -= 1;
    textUnderWay -= args.length;
    const [script = ""] = name.split("/");
    // It has been delivered: a failure here must not have it sent again.
    await store
      .add({ ...kept, ...cut(kept), messageId, at: clock.now(), script, error })
      .catch((cause: unknown) => log.warn("An email could not be kept", { messageId, detail: reasonOf(cause) }));
    return encode(error === null ? { messageId } : { refused: `email could not be delivered: ${error}` });
  };
}

const TOO_LARGE = `email is larger than ${LIMITS.emailBytes} bytes`;

function readRaw(message: z.output<typeof raw>, id: string, rules: BindingOf<"send_email">): Ready | string {
  if (message.raw.length > LIMITS.emailBytes) return TOO_LARGE;
  const to = mailboxIn(message.to);
  if (to === undefined) return "to is not an email address";
  const parts = rawParts(new TextDecoder("latin1").decode(message.raw));
  const refused = refusalOf(rules, message.from, [to.address]) ?? rawRefusal(parts, message.from);
  if (refused !== undefined) return refused;
  const text = withMessageId(parts, id);
  const [subject = "(no subject)"] = headerValues(parts, "subject");
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  return {
    kept: { from: message.from, to: [to.address], subject, text: null, html: null, raw: new TextDecoder().decode(bytes) },
    content: { raw: bytes },
  };
}

type Built = z.output<typeof built>;

function readBuilt(message: Built, from: Mailbox, id: string, rules: BindingOf<"send_email">): Ready | string {
  const { subject, text, html, attachments, headers } = message;
  const [to, cc, bcc, replyTo] = [message.to, message.cc, message.bcc, message.replyTo].map((each) => mailboxesFrom(each));
  if (to === undefined || cc === undefined || bcc === undefined || replyTo === undefined)
    return "a recipient is not an email address";
  const all = [...to, ...cc, ...bcc].map(({ address: each }) => each);
  if (all.length === 0) return "email has no recipients";
  if (all.length > LIMITS.emailRecipients) return `email has more than ${LIMITS.emailRecipients} recipients`;
  const refused = refusalOf(rules, from.address, all) ?? fieldsRefusal(message);
  if (refused !== undefined) return refused;
  return {
    kept: { from: from.address, to: all, subject, text: text ?? null, html: html ?? null, raw: null },
    content: {
      from,
      to,
      cc,
      replyTo,
      messageId: id,
      subject,
      headers,
      text,
      html,
      attachments: attachments?.map(({ filename, type, disposition, contentId, content }) => ({
        filename,
        contentType: type,
        contentDisposition: disposition,
        ...(contentId !== undefined && { cid: contentId }),
        content,
        ...(typeof content === "string" && { encoding: "base64" }),
      })),
    },
  };
}

function fieldsRefusal({ subject, text = "", html = "", headers = {}, attachments = [] }: Built): string | undefined {
  if (hasControl(subject)) return "subject has a line break or another control character";
  const named = attachments.flatMap(({ filename, type, contentId = "" }) => [filename, type, contentId]);
  if (named.some(hasControl)) return "an attachment has a line break or another control character in its name, type or id";
  const bytes = new TextEncoder().encode(subject + text + html).length;
  const attached = attachments.reduce((sum, { content }) => sum + content.length * (typeof content === "string" ? 0.75 : 1), 0);
  if (bytes + attached > LIMITS.emailBytes) return TOO_LARGE;
  return Object.entries(headers)
    .map((each) => headerRefusal(...each))
    .find((refused) => refused !== undefined);
}

function mailboxFrom(given: z.output<typeof address>): Mailbox | undefined {
  return typeof given === "string" ? mailboxIn(given) : mailboxOf(given.name, given.email);
}

/** Undefined when one of them is no address. */
function mailboxesFrom(given: z.output<typeof recipients>): Mailbox[] | undefined {
  const all = [given ?? []].flat().map(mailboxFrom);
  return all.every((each) => each !== undefined) ? all : undefined;
}

function cut({ text, html, raw: whole, subject }: Ready["kept"]): Pick<KeptEmail, "text" | "html" | "raw" | "subject"> {
  const short = (given: string): string => given.slice(0, LIMITS.emailText);
  return { text: text && short(text), html: html && short(html), raw: whole && short(whole), subject: short(subject) };
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
