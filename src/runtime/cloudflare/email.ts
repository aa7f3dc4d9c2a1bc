/** The module that user code imports as `cloudflare:email`. Messages can be made; there is nothing yet that would send them. */

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
