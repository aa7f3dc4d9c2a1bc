/** What becomes of a thrown value: the same live and on replay. */
import { expect, test } from "vitest";
import { fold, NonRetryableError, revive } from "./thrown.ts";

const caught = (thrown: unknown): Error => revive(fold(thrown));

test.each([new TypeError("t"), new AggregateError([], "many"), new DOMException("gone", "AbortError")])(
  "%s keeps its class",
  (error) => {
    const again = caught(error);
    expect(again.constructor).toBe(error.constructor);
    expect([again.name, again.message]).toEqual([error.name, error.message]);
  },
);

test.each([
  [Object.assign(new Error("mm"), { name: "MyErr" }), "MyErr: mm"],
  [Object.assign(new Error("mine"), { name: "AbortError" }), "AbortError: mine"],
  [Object.assign(new TypeError(""), { name: "MyErr" }), "MyErr"],
  [new NonRetryableError(""), "NonRetryableError"],
])("the name of %s goes into the message", (error, message) => {
  const again = caught(error);
  expect(again.constructor).toBe(Error);
  expect(again.message).toBe(message);
});
