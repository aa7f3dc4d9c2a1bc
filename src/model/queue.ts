/** Messages of queues, and what a consumer says of them: what it says counts even if it throws afterwards. */
/** What a body is, as its sender says. */
export type ContentType = "text" | "json" | "bytes" | "v8";

/** A body as it is stored and as it travels: the text itself, JSON, base64, or a value encoded as those of workflows are. */
export interface MessageBody {
  readonly contentType: ContentType;
  readonly body: string;
}

/** A message as a consumer gets it. */
export interface DeliveredMessage extends MessageBody {
  readonly id: string;
  /** When it was sent, in epoch milliseconds. */
  readonly timestamp: number;
  /** Which delivery this is; the first is 1. */
  readonly attempts: number;
}

/** What a consumer has said of the messages of a batch. */
export interface Verdict {
  /** Of those that it has said nothing of by name: undefined when it has said nothing at all. */
  readonly all: "ack" | { readonly delaySeconds?: number | undefined } | undefined;
  /** Ids. */
  readonly acks: readonly string[];
  readonly retries: readonly { readonly id: string; readonly delaySeconds?: number | undefined }[];
}

/** Nothing was said. */
export const NO_VERDICT: Verdict = { all: undefined, acks: [], retries: [] };
