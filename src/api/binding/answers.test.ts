/** Every kind of binding that asks the server is answered. */
import { expect, test } from "vitest";
import { EXAMPLES } from "../../../test/support/binding-examples.ts";
import { emailAnswers } from "../../bindings/email/server.ts";
import { imageAnswers } from "../../bindings/images/server.ts";
import { provisionOf } from "../../bindings/provisions.ts";
import { Failure } from "../../model/failures/failure.ts";
import { encode } from "../../model/values/value.ts";
import { bindingAnswers } from "./answers.ts";

const none = {} as never;
const answers = bindingAnswers(
  {
    engine: none,
    queues: none,
    rates: none,
    points: none,
    catalog: none,
    vault: none,
    emails: emailAnswers(none),
    images: imageAnswers(none),
  },
  new AbortController().signal,
);

test.each(Object.values(EXAMPLES))("$type", async (binding) => {
  const provision = provisionOf("shop", binding);
  const call = { to: binding.type, name: "x", method: "no such method", args: encode([]) };
  const failure: unknown = await answers(call, binding).catch((cause: unknown) => cause);
  expect(failure instanceof Failure).toBe(provision.is === "client");
});
