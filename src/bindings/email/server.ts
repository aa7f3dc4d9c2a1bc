/** What becomes of an email that a Worker sends: it is checked, delivered if the server delivers, and kept. */
import { z } from "zod";
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import { addressIn, headerValues, rawParts, rawRefusal, refusalOf, withMessageId } from "../../model/platform/email.ts";
import { decode, encode } from "../../model/values/value.ts";
import type { BindingOf } from "../../ports/catalog/bindings.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EmailStore, KeptEmail, Mailer, OutgoingEmail } from "../../ports/logs/emails.ts";
import type { Ids } from "../../ports/ids.ts";
import type { Answer } from "../answer.ts";

/** What sends emails. */
export interface EmailParts {
  readonly store: EmailStore;
  /** Absent when emails are only kept. */
  readonly mailer?: Mailer | undefined;
  readonly clock: Clock;
  readonly ids: Pick<Ids, "uuid">;
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
export function emailAnswers({ store, mailer, clock, ids }: EmailParts): Answer<"send_email"> {
  let underWay = 0;
  return async ({ name, method, args }, rules) => {
    if (method !== "send") throw new Failure("body", { detail: `A binding for emails has no method "${method}"` });
    if (args.length > 2 * LIMITS.emailBytes) return encode({ refused: `email is larger than ${LIMITS.emailBytes} bytes` });
    if (underWay >= LIMITS.emailsAtOnce) return encode({ refused: "too many emails are being sent" });
    const given = send.safeParse(decode(args));
    if (!given.success) throw new Failure("body", { detail: given.error.issues[0]?.message ?? "Not valid" });
    const [message] = given.data;
    const from = addressIn(typeof message.from === "string" ? message.from : message.from.email);
    const messageId = `<${ids.uuid()}@${from.slice(from.lastIndexOf("@") + 1)}>`;
    const ready = "raw" in message ? readRaw(message, messageId, rules) : readBuilt(message, from, messageId, rules);
    if (typeof ready === "string") return encode({ refused: ready });
    const { kept, content } = ready;
    underWay += 1;
    const envelope = { from: kept.from, to: kept.to };
    const error = await (mailer?.({ envelope, content }).then(() => null, reasonOf) ?? null);
    underWay -= 1;
    const [script = ""] = name.split("/");
    await store.add({ ...kept, ...cut(kept), messageId, at: clock.now(), script, error });
    return encode(error === null ? { messageId } : { refused: `email could not be delivered: ${error}` });
  };
}

function readRaw(message: z.output<typeof raw>, id: string, rules: BindingOf<"send_email">): Ready | string {
  const parts = rawParts(new TextDecoder("latin1").decode(message.raw));
  const refused = refusalOf(rules, message.from, [message.to]) ?? rawRefusal(parts, message.from);
  if (refused !== undefined) return refused;
  const text = withMessageId(parts, id);
  const [subject = "(no subject)"] = headerValues(parts, "subject");
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  return {
    kept: { from: message.from, to: [message.to], subject, text: null, html: null, raw: new TextDecoder().decode(bytes) },
    content: { raw: bytes },
  };
}

function readBuilt(message: z.output<typeof built>, from: string, id: string, rules: BindingOf<"send_email">): Ready | string {
  const { to, cc, bcc, subject, text, html, attachments, headers, replyTo } = message;
  const all = [to, cc, bcc].flatMap((each) => each ?? []).map((each) => addressIn(typeof each === "string" ? each : each.email));
  if (all.length === 0) return "email has no recipients";
  if (all.length > LIMITS.emailRecipients) return `email has more than ${LIMITS.emailRecipients} recipients`;
  const refused = refusalOf(rules, from, all);
  if (refused !== undefined) return refused;
  return {
    kept: { from, to: all, subject, text: text ?? null, html: html ?? null, raw: null },
    content: {
      from: mailbox(message.from),
      to: [to ?? []].flat().map(mailbox),
      cc: [cc ?? []].flat().map(mailbox),
      ...(replyTo !== undefined && { replyTo: mailbox(replyTo) }),
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

/** In the words of nodemailer. */
function mailbox(given: z.output<typeof address>): string | { readonly name: string; readonly address: string } {
  return typeof given === "string" ? given : { name: given.name, address: given.email };
}

function cut({ text, html, raw: whole, subject }: Ready["kept"]): Pick<KeptEmail, "text" | "html" | "raw" | "subject"> {
  const short = (given: string): string => given.slice(0, LIMITS.emailText);
  return { text: text && short(text), html: html && short(html), raw: whole && short(whole), subject: short(subject) };
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
