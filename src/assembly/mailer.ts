/** Delivers emails by SMTP. The client for it is loaded only where a server is configured. */
import type { Mailer } from "../ports/logs/emails.ts";

/** How long the other side may take to answer, in milliseconds. */
const PATIENCE_MS = 10_000;

/** By a server like `smtp://user:password@host:587`; `smtps:` encrypts from the start, `smtp:` once the other side offers it. */
export async function smtpMailer(url: string): Promise<Mailer> {
  const { createTransport } = await import("nodemailer");
  const { protocol, hostname, port, username, password } = new URL(url);
  const secure = protocol === "smtps:";
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
  const transport = createTransport({
    host: hostname,
    port: port === "" ? (secure ? 465 : 587) : Number(port),
    secure,
    ...(user !== "" && { auth: { user, pass } }),
    connectionTimeout: PATIENCE_MS,
    greetingTimeout: PATIENCE_MS,
    socketTimeout: PATIENCE_MS,
    // What a Worker sends is content, and never names a file of the server or an address to fetch.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return async ({ envelope, content }) => {
    const { raw, ...built } = content as Readonly<Record<string, unknown>>;
    const message = raw instanceof Uint8Array ? { raw: Buffer.from(raw) } : built;
    await transport.sendMail({ ...message, envelope: { from: envelope.from, to: [...envelope.to] } });
  };
}
