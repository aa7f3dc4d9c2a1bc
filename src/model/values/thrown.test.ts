/** What becomes of a thrown value: the same live and on replay. */
import { expect, test } from "vitest";
import { LIMITS } from "../limits.ts";
import { fold, foldAttempt, foldUncaught, frameOf, NonRetryableError, revive, stackOf } from "./thrown.ts";

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

function charge(): never {
  throw new Error("refused");
}

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (thrown) {
    return thrown;
  }
}

test("the function that threw has its name, if it has one", () => {
  const long = "x".repeat(LIMITS.errorFrame + 1);
  expect(frameOf(thrownBy(charge))).toBe("charge");
  expect(frameOf(thrownBy(() => JSON.parse("{")))).toBe("JSON.parse");
  expect(frameOf({ stack: "Error\n    at charge (file:///a.js:1:1)" })).toBeUndefined();
  const made = (stack: unknown): Error => Object.defineProperty(new Error("x"), "stack", { value: stack });
  expect(frameOf(made("Error: x\n    at async Orders.run (index.js:1:1)\n    at charge (index.js:2:2)"))).toBe("Orders.run");
  expect(frameOf(made("Error: x\n    at file:///index.js:1:1\n    at charge (index.js:2:2)"))).toBeUndefined();
  expect(frameOf(made("Error: x\n    at Object.<anonymous> (index.js:1:1)"))).toBeUndefined();
  expect(frameOf(made(`Error: x\n    at ${long} (index.js:1:1)`))).toBe("x".repeat(LIMITS.errorFrame));
  for (const none of [made(undefined), made(1), "text", null]) expect(frameOf(none)).toBeUndefined();
  const hostile = Object.defineProperty(new Error("x"), "stack", { get: charge });
  expect(frameOf(hostile)).toBeUndefined();
});

test("a stack has the message of an error that set it after the stack was taken, and so has its cause's", () => {
  const late = (name: string, message: string, cause?: Error): Error =>
    Object.assign(new Error("", { cause }), { name, message, stack: `${name}\n    at parse (index.js:1:5)` });
  expect(stackOf(late("ZodError", "[\n  name: expected string\n]", late("Refused", "no such host")))).toBe(
    [
      "ZodError: [",
      "  name: expected string",
      "]",
      "    at parse (index.js:1:5)",
      "Caused by: Refused: no such host",
      "    at parse (index.js:1:5)",
    ].join("\n"),
  );
  const usual = new TypeError("t");
  expect(stackOf(usual)).toBe(usual.stack);
  expect(stackOf(Object.assign(new Error("why"), { stack: "of its own" }))).toBe("Error: why\nof its own");
  expect(stackOf("a text")).toBe("Uncaught a text (not an Error, so there is no stack)");
  expect(stackOf(null)).toBe("Uncaught null (not an Error, so there is no stack)");
});

test("of a long message so much is recorded, and a stack of empty lines is looked through at once", () => {
  const long = new TypeError("x".repeat(LIMITS.errorText + 1));
  for (const info of [
    fold(long),
    fold(long.message),
    foldAttempt(new NonRetryableError(long.message)),
    foldUncaught(long, true),
  ]) {
    expect(info.message).toHaveLength(LIMITS.errorText);
    expect(info.message.endsWith("x…")).toBe(true);
  }
  expect(fold(new Error("y".repeat(LIMITS.errorText))).message).toHaveLength(LIMITS.errorText);
  expect(frameOf(Object.assign(new Error("x"), { stack: "\n".repeat(300_000) }))).toBeUndefined();
});
