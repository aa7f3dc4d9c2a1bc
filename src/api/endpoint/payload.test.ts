/** What observers see: what a schema describes, and nothing that it leaves open. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { HIDDEN } from "../../model/views/hidden.ts";
import { open, payload, withoutPayloads } from "./payload.ts";

test.each([
  ["a text", z.string(), "shown", "shown"],
  ["a marked text", payload(z.string()), "secret", HIDDEN],
  ["what is left open", z.unknown(), { secret: 1 }, HIDDEN],
  ["what is open on purpose", open(z.unknown()), { shown: 1 }, { shown: 1 }],
  ["nothing", payload(z.string()).nullable(), null, null],
  ["fields that are not described", z.looseObject({ id: z.string() }), { id: "a", more: "secret" }, { id: "a", more: HIDDEN }],
  ["a field with the name of a payload", z.object({ output: z.string() }), { output: "secret" }, { output: HIDDEN }],
  ["one that is marked as open", z.object({ value: open(z.int()).optional() }), { value: 1 }, { value: 1 }],
  ["items", z.array(z.object({ params: z.unknown() })), [{ params: "secret" }, {}], [{ params: HIDDEN }, {}]],
  ["a record", z.record(z.string(), z.unknown()), { a: "secret" }, { a: HIDDEN }],
  ["counts", z.record(z.enum(["a", "b"]), z.number()), { a: 1, b: 2 }, { a: 1, b: 2 }],
  ["the option that fits", z.union([z.int(), z.object({ a: payload(z.string()) })]), { a: "secret" }, { a: HIDDEN }],
  ["none that fits", z.union([z.int(), z.boolean()]), "secret", HIDDEN],
  ["a schema of a kind that is not known here", z.string().transform((text) => text), "secret", HIDDEN],
])("%s", (_, schema, value, shown) => {
  expect(withoutPayloads(schema as z.ZodType, value)).toEqual(shown);
});

test("no value of an open place comes through, wherever it is", () => {
  const schema = z.looseObject({
    id: z.string(),
    params: z.unknown(),
    steps: z.array(z.looseObject({ name: z.string(), output: z.string().nullish() })),
  });
  const secret = fc.string({ minLength: 1 }).map((text) => `secret ${text}`);
  const value = fc.record({
    id: fc.constant("i"),
    params: fc.oneof(secret, fc.array(secret), fc.dictionary(fc.constantFrom("a", "b"), secret)),
    steps: fc.array(fc.record({ name: fc.constant("s"), output: fc.option(secret), extra: secret })),
    more: secret,
  });
  fc.assert(
    fc.property(value, (each) => {
      expect(JSON.stringify(withoutPayloads(schema, each))).not.toContain("secret");
    }),
  );
});
