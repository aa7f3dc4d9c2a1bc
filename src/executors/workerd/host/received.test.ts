/** What an isolate may send, and what only code that has taken it over sends: that ends its host, and nothing else. */
import { expect, test } from "vitest";
import { MalformedFrames } from "../../../protocol/codec.ts";
import { received } from "./received.ts";

const said = (text: string): unknown => received(Buffer.from(text), false);

test("messages are taken for what they are", () => {
  const call = { to: "workflow", name: "orders", method: "create", args: "[]" };
  expect(said(JSON.stringify({ type: "call", id: 1, call, more: 1 }))).toEqual({ message: { type: "call", id: 1, call } });
  expect(said('{"type":"beat","contexts":null}')).toEqual({ message: { type: "beat", contexts: { open: 0, begun: 0 } } });
  expect(said('[{"type":"parked","run":1}]')).toEqual({ frames: [{ type: "parked", run: 1 }] });
});

test.each(["null", "", "1", '"text"', "{}", "{", '{"type":"call","id":1,"call":null}', "[null]", '{"type":"why","reference":1}'])(
  "%j is refused as malformed",
  (text) => expect(() => said(text)).toThrow(MalformedFrames),
);

test.each([[[]], [[0, 0, 0, 4, 110, 117, 108, 108]], [[255, 255, 255, 255]]])(
  "the bytes %j are refused as malformed",
  (bytes) => {
    expect(() => received(Buffer.from(bytes), true)).toThrow(MalformedFrames);
  },
);
