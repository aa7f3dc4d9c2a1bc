/** Emails that Workers have sent: what is kept of them, and what delivers them. */

/** What is kept of one. Texts may have been cut off. */
export interface KeptEmail {
  readonly messageId: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly script: string;
  readonly from: string;
  /** All who get it. */
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string | null;
  readonly html: string | null;
  /** The message in its own form, if that is what the Worker has sent. */
  readonly raw: string | null;
  /** Why it was not delivered; null when it was, or when nothing delivers. */
  readonly error: string | null;
}

export interface EmailStore {
  /** The newest `LIMITS.emailsKept` stay. */
  add(email: KeptEmail): Promise<void>;
  /** Newest first. */
  list(limit: number): Promise<readonly KeptEmail[]>;
  /** Rejects with a `StoreError` named `gone` when what is written to is not any more where it was opened. Cheap. */
  verify(): Promise<void>;
  close(): Promise<void>;
}

/** An email to be delivered, in the words of nodemailer. */
export interface OutgoingEmail {
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  readonly content: { readonly raw: Uint8Array } | Readonly<Record<string, unknown>>;
}

/** Delivers an email. Rejects with an `Error` whose text user code may see. */
export type Mailer = (email: OutgoingEmail) => Promise<void>;
