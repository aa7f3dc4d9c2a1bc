/** How handlers say that they ended, and what code that has taken over an isolate may say instead. */
import { expect, test } from "vitest";
import { eventAnswerOf } from "./handlers.ts";

const VERDICT = { all: undefined, acks: ["a"], retries: [{ id: "b", delaySeconds: 5 }] };

test("an end is taken as it is", () => {
  expect(eventAnswerOf("no_handler")).toBe("no_handler");
  expect(eventAnswerOf({ thrown: null, verdict: VERDICT, more: 1 })).toEqual({ thrown: null, verdict: VERDICT });
});

test.each([
  null,
  undefined,
  1,
  "other",
  {},
  { thrown: 1, verdict: VERDICT },
  { thrown: null, verdict: null },
  { thrown: null, verdict: { ...VERDICT, acks: [1] } },
  { thrown: null, verdict: { ...VERDICT, all: "retry" } },
  { thrown: null, verdict: { ...VERDICT, retries: [null] } },
  { thrown: null, verdict: { ...VERDICT, retries: [{ id: "b", delaySeconds: "5" }] } },
])("%j is none", (value) => expect(eventAnswerOf(value)).toBeUndefined());
