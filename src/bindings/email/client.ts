/** A binding that sends emails as user code knows it: Cloudflare's `SendEmail`. */
import type { Call } from "../../runtime/bindings/calls.ts";

const RAW = "EmailMessage::raw";

interface RawMessage {
  readonly from: string;
  readonly to: string;
  readonly [RAW]: ReadableStream | string;
}

interface Attachment {
  readonly content: string | ArrayBuffer | ArrayBufferView;
}

interface Builder {
  readonly attachments?: readonly Attachment[];
}

interface SendEmail {
  /** Rejects when the binding does not allow it, and when it cannot be delivered. */
  send(message: RawMessage | Builder): Promise<{ readonly messageId: string }>;
}

/** A binding that forwards to `call`. */
export function emailBinding(call: Call): SendEmail {
  return {
    send: async (message) => {
      const answer = (await call("send", [await sent(message)])) as { readonly messageId: string } | { readonly refused: string };
      if ("refused" in answer) throw new Error(answer.refused);
      return answer;
    },
  };
}

async function sent(message: RawMessage | Builder): Promise<object> {
  if (RAW in message) {
    const { from, to } = message;
    return { from, to, raw: new Uint8Array(await new Response(message[RAW]).arrayBuffer()) };
  }
  const { attachments } = message;
  if (attachments === undefined) return { ...message };
  return { ...message, attachments: attachments.map((each) => ({ ...each, content: bytesOf(each.content) })) };
}

/** Texts are in base64 already, as Cloudflare wants them. */
function bytesOf(content: Attachment["content"]): string | Uint8Array {
  if (typeof content === "string") return content;
  if (content instanceof ArrayBuffer) return new Uint8Array(content);
  return new Uint8Array(content.buffer, content.byteOffset, content.byteLength).slice();
}
