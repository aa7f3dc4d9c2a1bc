import type { LanguageModelV4, LanguageModelV4StreamPart } from "@ai-sdk/provider";

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

/** In place of a model: asks for a refund when the customer names an order, and repeats what the tool said. */
export const deskModel: LanguageModelV4 = {
  specificationVersion: "v4",
  provider: "desk",
  modelId: "desk-1",
  supportedUrls: {},
  doGenerate: () => Promise.reject(new Error("It streams")),
  async doStream({ prompt }) {
    const last = prompt.at(-1);
    const parts: LanguageModelV4StreamPart[] = [{ type: "stream-start", warnings: [] }];
    const order = last?.role === "user" ? /order (\w+)/.exec(JSON.stringify(last.content))?.[1] : undefined;
    if (order !== undefined) {
      parts.push({ type: "tool-call", toolCallId: "call-1", toolName: "requestRefund", input: JSON.stringify({ order, cents: 1999 }) });
      parts.push({ type: "finish", usage, finishReason: { unified: "tool-calls", raw: undefined } });
    } else {
      for (const delta of ["I asked ", "a colleague."]) parts.push({ type: "text-delta", id: "t", delta });
      parts.splice(1, 0, { type: "text-start", id: "t" });
      parts.push({ type: "text-end", id: "t" }, { type: "finish", usage, finishReason: { unified: "stop", raw: undefined } });
    }
    return { stream: ReadableStream.from(parts) as ReadableStream<LanguageModelV4StreamPart> };
  },
};
