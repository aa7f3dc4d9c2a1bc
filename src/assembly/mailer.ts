/** Delivers emails by SMTP. The client for it is loaded only where a server is configured. */
import type { Mailer } from "../ports/logs/emails.ts";

/** How long the other side may be silent, and how long a whole email may take, in milliseconds. */
export interface MailPatience {
  readonly silentMs: number;
  readonly totalMs: number;
}

const PATIENCE: MailPatience = { silentMs: 10_000, totalMs: 60_000 };

/** By a server like `smtp://user:password@host:587`; `smtps:` encrypts from the start, `smtp:` once the other side offers it. */
export async function smtpMailer(url: string, { silentMs, totalMs }: MailPatience = PATIENCE): Promise<Mailer> {
  const { createTransport } = await import("nodemailer");
  const { protocol, hostname, port, username, password } = new URL(url);
  const secure = protocol === "smtps:";
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
  const transport = createTransport({
    host: hostname,
    port: port === "" ? (secure ? 465 : 587) : Number(port),
    secure,
    ...(user !== "" && { auth: { user, pass } }),
    dnsTimeout: silentMs,
    connectionTimeout: silentMs,
    greetingTimeout: silentMs,
    socketTimeout: silentMs,
    // What a Worker sends is content, and never names a file of the server or an address to fetch.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return async ({ envelope, content }) => {
    const { raw, ...built } = content as Readonly<Record<string, unknown>>;
    const message = raw instanceof Uint8Array ? { raw: Buffer.from(raw) } : built;
    const signal = AbortSignal.timeout(totalMs);
    try {
      await transport.sendMail({ ...message, envelope: { from: envelope.from, to: [...envelope.to] }, signal });
    } catch (cause) {
      // A server that says a little again and again is never silent.
      if (signal.aborted) throw new Error(`The mail server took longer than ${totalMs / 1_000} seconds`, { cause });
      throw cause;
    }
  };
}
