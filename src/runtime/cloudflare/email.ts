/** The module that user code imports as `cloudflare:email`. Bindings of the type `send_email` send its messages. */

/** A message with the addresses of its envelope. */
export class EmailMessage {
  readonly from: string;
  readonly to: string;
  readonly "EmailMessage::raw": ReadableStream | string;

  constructor(from: string, to: string, raw: ReadableStream | string) {
    this.from = from;
    this.to = to;
    this["EmailMessage::raw"] = raw;
  }
}
