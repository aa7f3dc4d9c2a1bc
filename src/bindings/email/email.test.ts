/** An email from the object in env to what is kept and delivered. */
import { expect, test } from "vitest";
import { silentLog } from "../../noop/log.ts";
import { LIMITS } from "../../model/limits.ts";
import { CALL_DEPTH, decode, encode } from "../../model/values/value.ts";
import type { BindingOf } from "../../ports/catalog/bindings.ts";
import type { KeptEmail, OutgoingEmail } from "../../ports/logs/emails.ts";
import { emailBinding } from "./client.ts";
import { email } from "./kind.ts";
import { emailAnswers } from "./server.ts";

const FROM = "shop@example.com";
const TO = "ada@example.com";
const RAW = `Subject: Hi\r\nFrom: Shop <${FROM}>\r\nMessage-ID: <mine@example.com>\r\nX-Folded: a\r\n b\r\n\r\nHello ü\r\n`;

type Rules = Omit<BindingOf<"send_email">, "type" | "name">;

interface Sent {
  readonly kept: KeptEmail[];
  readonly delivered: OutgoingEmail[];
  readonly logged: unknown[];
  readonly send: (message: unknown, rules?: Rules) => Promise<{ messageId: string }>;
}

function open(
  deliver: (given: OutgoingEmail) => Promise<void> = () => Promise.resolve(),
  keep: () => Promise<void> = () => Promise.resolve(),
): Sent {
  const kept: KeptEmail[] = [];
  const delivered: OutgoingEmail[] = [];
  const logged: unknown[] = [];
  const answer = emailAnswers({
    store: {
      add: (each) => keep().then(() => void kept.push(each)),
      list: async () => kept,
      verify: async () => {},
      close: async () => {},
    },
    mailer: (each) => deliver(each).then(() => void delivered.push(each)),
    clock: { now: () => 5, elapsed: () => 5, alarm: () => () => {}, soon: () => {} },
    ids: { uuid: () => "uuid" },
    log: { ...silentLog, warn: (message, fields) => void logged.push([message, fields]) },
  });
  const send = (message: unknown, rules: Rules = {}): Promise<{ messageId: string }> =>
    emailBinding(async (method, args) => {
      const call = { to: "send_email", name: "shop/MAIL", method, args: encode(args, CALL_DEPTH) };
      return decode(await answer(call, { type: "send_email", name: "MAIL", ...rules }));
    }).send(message as never);
  return { kept, delivered, logged, send };
}

const raw = (text: string, from = FROM): object => ({ from, to: TO, "EmailMessage::raw": text });

test("a message in its own form gets an id of the server's, and is otherwise left as it is", async () => {
  const { send, kept, delivered } = open();
  expect(await send(raw(RAW))).toEqual({ messageId: "<uuid@example.com>" });
  expect(kept).toMatchObject([{ at: 5, script: "shop", from: FROM, to: [TO], subject: "Hi", error: null }]);
  const [{ content, envelope } = { content: {}, envelope: {} }] = delivered;
  const text = new TextDecoder().decode((content as { raw: Uint8Array }).raw);
  expect(text).toBe(`Message-ID: <uuid@example.com>\r\n${RAW.replace("Message-ID: <mine@example.com>\r\n", "")}`);
  expect(envelope).toEqual({ from: FROM, to: [TO] });
});

test.each([
  [RAW.replace("Message-ID", "X-Other"), "invalid message-id"],
  [RAW.replace(FROM, "other@example.com"), "From: header does not match mail from"],
  [`Received: by x\r\n${RAW}`, "invalid headers set"],
  [`no header\r\n${RAW}`, "could not parse email: invalid header"],
  [RAW.replace("Hi", "Hi\rBcc: eve@example.com"), "could not parse email: invalid header"],
  [RAW.replace("Hi", "Hi\0"), "could not parse email: invalid header"],
  [RAW.replace("Hello", "Hello\0"), "could not parse email: it has a NUL"],
  [`From: eve@example.com\r\n${RAW}`, "From: header does not match mail from"],
  [RAW.replace("Shop <", "Eve <eve@example.com>, <"), "From: header does not match mail from"],
])("%j is refused, and neither kept nor delivered", async (text, reason) => {
  const { send, kept, delivered } = open();
  await expect(send(raw(text))).rejects.toThrow(reason);
  expect([kept, delivered]).toEqual([[], []]);
});

test("an email of fields is built, with attachments of bytes and of base64", async () => {
  const { send, kept, delivered } = open();
  const attachments = [
    { disposition: "attachment", filename: "a.txt", type: "text/plain", content: new TextEncoder().encode("bytes").buffer },
    { disposition: "inline", contentId: "b", filename: "b.txt", type: "text/plain", content: btoa("base64") },
  ];
  const to = ["bob@example.com", { name: "Ada", email: TO }];
  await send({
    from: { name: "Shop", email: FROM },
    to,
    bcc: "eve@example.com",
    subject: "Hi",
    text: "t",
    html: "<p>",
    attachments,
  });
  expect(kept).toMatchObject([{ from: FROM, to: ["bob@example.com", TO, "eve@example.com"], text: "t", html: "<p>", raw: null }]);
  expect(delivered[0]?.content).toMatchObject({
    from: { name: "Shop", address: FROM },
    messageId: "<uuid@example.com>",
    attachments: [{ content: new TextEncoder().encode("bytes") }, { cid: "b", content: btoa("base64"), encoding: "base64" }],
  });
  expect(JSON.stringify(delivered[0]?.content)).not.toContain("eve");
});

test.each([
  [{ destination: TO }, { to: "bob@example.com" }, "email to bob@example.com not allowed"],
  [{ destinations: [TO] }, { to: [TO, "Bob <bob@example.com>"] }, "email to bob@example.com not allowed"],
  [{ destinations: [TO] }, { to: TO, bcc: "bob@example.com" }, "email to bob@example.com not allowed"],
  [{ senders: ["x@example.com"] }, { to: TO }, `email from ${FROM} not allowed`],
  [{}, {}, "email has no recipients"],
  [{}, { to: Array.from({ length: LIMITS.emailRecipients + 1 }, () => TO) }, "email has more than 50 recipients"],
  [{}, { to: TO, text: "x".repeat(2 * LIMITS.emailBytes) }, "email is larger than"],
])("under the rules %j an email with other fields is refused", async (rules, fields, reason) => {
  const { send, kept, delivered } = open();
  await expect(send({ from: FROM, subject: "s", text: "t", ...fields }, rules)).rejects.toThrow(reason);
  expect([kept, delivered]).toEqual([[], []]);
});

test.each<[string, object, string]>([
  ["a line break in from", { from: `${FROM}\r\nBcc: eve@example.com` }, "from is not an email address"],
  ["a NUL in from", { from: `${FROM}\0` }, "from is not an email address"],
  ["a second sender", { from: `Eve <eve@example.com>, Shop <${FROM}>` }, "from is not an email address"],
  ["a line break in the name of from", { from: { name: "Shop\nBcc: eve@example.com", email: FROM } }, "from is not an email"],
  ["a second address in to", { to: `eve@example.com, <${TO}>` }, "a recipient is not an email address"],
  ["a list in to", { to: `${TO}, eve@example.com` }, "a recipient is not an email address"],
  ["a group in to", { to: `all: ${TO}, eve@example.com;` }, "a recipient is not an email address"],
  ["a line break in an address", { cc: { name: "Ada", email: `${TO}\r\nRCPT TO:<eve@example.com>` } }, "a recipient is not"],
  ["an address of any length", { to: `${"x".repeat(400)}@example.com` }, "a recipient is not an email address"],
  ["a line break in replyTo", { replyTo: `${FROM}\nX: y` }, "a recipient is not an email address"],
  ["a line break in the subject", { subject: "Hi\r\nBcc: eve@example.com" }, "subject has a line break"],
  ["a line break in the name of a header", { headers: { "X-A\r\nBcc": "eve@example.com" } }, "email has an invalid header"],
  ["a line break in a header", { headers: { "X-A": "b\r\nBcc: eve@example.com" } }, "email has an invalid header"],
  ["a sender among the headers", { headers: { Sender: "eve@example.com" } }, "header Sender not allowed"],
  ["a type among the headers", { headers: { "content-type": "text/html" } }, "header content-type not allowed"],
  [
    "a line break in an attachment",
    { attachments: [{ filename: "a\r\nX: y", type: "text/plain", content: "" }] },
    "an attachment has a line break",
  ],
  [
    "too large an attachment",
    { attachments: [{ filename: "a", type: "text/plain", content: new Uint8Array(LIMITS.emailBytes + 1) }] },
    "email is larger than",
  ],
])("%s is refused, and neither kept nor delivered", async (_, fields, reason) => {
  const { send, kept, delivered } = open();
  await expect(send({ from: FROM, to: TO, subject: "s", text: "t", ...fields }, { senders: [FROM] })).rejects.toThrow(reason);
  expect([kept, delivered]).toEqual([[], []]);
});

test("names, quoted names and own headers are taken", async () => {
  const { send, delivered } = open();
  const from = `"Shop, Inc." <${FROM}>`;
  await send({ from, to: `Ada <${TO}>`, subject: "a\tb", headers: { "List-Unsubscribe": "<mailto:x@example.com>", "X-A": "ü" } });
  expect(delivered[0]).toMatchObject({
    envelope: { from: FROM, to: [TO] },
    content: { from: { name: "Shop, Inc.", address: FROM }, to: [{ name: "Ada", address: TO }], headers: { "X-A": "ü" } },
  });
});

test("a message in its own form may not be larger than its limit", async () => {
  const { send, delivered } = open();
  await send(raw(RAW.padEnd(LIMITS.emailBytes - 1, "x")));
  await expect(send(raw(RAW.padEnd(LIMITS.emailBytes, "x")))).rejects.toThrow("email is larger than");
  expect(delivered).toHaveLength(1);
});

test("large emails that are being delivered leave less room for others, which is free again afterwards", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { send } = open(() => promise);
  const large = { from: FROM, to: TO, subject: "s", text: "x".repeat(LIMITS.emailBytes - 100) };
  const sending = Array.from({ length: 12 }, () => send(large));
  await expect(send(large)).rejects.toThrow("too many emails are being sent");
  resolve();
  await Promise.all(sending);
  expect(await send(large)).toHaveProperty("messageId");
});

test("no line of a message in its own form ends otherwise than SMTP's", async () => {
  const { send, delivered } = open();
  await send(raw(`${RAW.replaceAll("\r\n", "\n")}\r.\rMAIL FROM:<eve@example.com>\n`));
  const [{ content } = { content: {} }] = delivered;
  const text = new TextDecoder().decode((content as { raw: Uint8Array }).raw);
  expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  expect(text).toContain("\r\n.\r\nMAIL FROM");
});

test("one that has been delivered and cannot be kept is not sent again", async () => {
  const { send, delivered, logged } = open(undefined, () => Promise.reject(new Error("The disk is full")));
  expect(await send(raw(RAW))).toEqual({ messageId: "<uuid@example.com>" });
  expect(delivered).toHaveLength(1);
  expect(logged).toEqual([["An email could not be kept", { messageId: "<uuid@example.com>", detail: "The disk is full" }]]);
});

test("one that follows the rules is sent", async () => {
  const { send } = open();
  await send({ from: FROM, to: TO, subject: "s" }, { destinations: [TO], senders: [FROM] });
  await send(raw(RAW), { destination: TO });
});

test("one that cannot be delivered is an error of user code, and kept with the reason", async () => {
  const { send, kept } = open(() => Promise.reject(new Error("550 no such user")));
  await expect(send(raw(RAW))).rejects.toThrow("email could not be delivered: 550 no such user");
  expect(kept).toMatchObject([{ error: "550 no such user" }]);
});

test("long texts are kept in part, and delivered whole", async () => {
  const { send, kept, delivered } = open();
  await send({ from: FROM, to: TO, subject: "s", text: "x".repeat(LIMITS.emailText + 1) });
  expect(kept[0]?.text?.length).toBe(LIMITS.emailText);
  expect(delivered[0]).toHaveProperty("content.text.length", LIMITS.emailText + 1);
});

test("a configuration says the same as an upload, and the table of dev shows it as wrangler does", () => {
  const written = { destination_address: TO, allowed_sender_addresses: [FROM] };
  const configured = email.configured?.({ send_email: [{ name: "MAIL", ...written }] } as never, "shop");
  expect(configured).toEqual([{ name: "MAIL", ...email.upload("shop").parse(written) }]);
  expect(email.describe({ type: "send_email", name: "MAIL", destination: TO, senders: [FROM] }).which).toBe(
    `${TO} - senders: ${FROM}`,
  );
  expect(email.describe({ type: "send_email", name: "MAIL" }).which).toBe("unrestricted");
});
