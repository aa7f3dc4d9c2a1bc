import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LIMITS } from "../limits.ts";
import { chunkLength, PREVIEW_BYTES, refuseChunk, streamPreview } from "./stream.ts";

const FULL = LIMITS.streamChunkBytes;

test("the lengths of a stream's chunks add up to its bytes", () => {
  fc.assert(
    fc.property(fc.nat(20 * FULL), (bytes) => {
      const size = { bytes, chunks: Math.ceil(bytes / FULL) };
      const lengths = Array.from({ length: size.chunks }, (_, index) => chunkLength(size, index));
      expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(bytes);
      expect(lengths.every((length) => length > 0 && length <= FULL)).toBe(true);
      expect(chunkLength(size, size.chunks)).toBe(0);
    }),
  );
});

describe("the next chunk of a stream", () => {
  const intake = { chunks: 2, bytes: 2 * FULL, durable: 2 };
  test.each([
    ["is taken, full or not", intake, 2, 1, undefined],
    ["is not one that has been", intake, 1, 1, "chunk 1 of a stream after 2"],
    ["is not the one after", intake, 3, 1, "chunk 3 of a stream after 2"],
    ["is not empty", intake, 2, 0, "a chunk of 0 bytes"],
    ["is no larger than chunks are", intake, 2, FULL + 1, `a chunk of ${FULL + 1} bytes`],
    ["does not follow one that was not full", { ...intake, bytes: FULL + 1 }, 2, 1, "a chunk after a partial chunk"],
    [
      "waits for those before it",
      { chunks: LIMITS.streamWindow, bytes: LIMITS.streamWindow * FULL, durable: 0 },
      LIMITS.streamWindow,
      1,
      "more chunks than the window allows",
    ],
  ])("%s", (_, before, index, length, refusal) => {
    expect(refuseChunk(before, index, length)).toBe(refusal);
  });
});

describe("a preview", () => {
  const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
  test.each([
    ["of a short text is the text", utf8("grüße"), 7, "grüße"],
    ["of nothing is nothing", new Uint8Array(), 0, ""],
    ["of a long text is its beginning", utf8("x".repeat(1_025)), 1_025, `${"x".repeat(1_024)}[truncated output]`],
    [
      "may end within a character",
      utf8(`${"x".repeat(PREVIEW_BYTES - 1)}é`).slice(0, PREVIEW_BYTES),
      9e9,
      `${"x".repeat(1_024)}[truncated output]`,
    ],
    ["of bytes is their number", Uint8Array.of(255, 254), 2, "[ReadableStream (binary): 2 bytes]"],
    ["of a text that breaks off is that of bytes", utf8("é").slice(0, 1), 1, "[ReadableStream (binary): 1 bytes]"],
  ])("%s", (_, head, bytes, preview) => {
    expect(streamPreview(head, bytes)).toBe(preview);
  });
});
