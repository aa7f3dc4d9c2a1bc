import * as v from "valibot";
import { defineWorkflow } from "../define-workflow";

const digest = {
  name: "send-digest",
  input: v.strictObject({ to: v.array(v.pipe(v.string(), v.email())), since: v.optional(v.date()) }),
  async run({ input, steps }) {
    const sent: string[] = [];
    for (const to of input.to) sent.push(await steps.do(`send to ${to}`, async () => to.toUpperCase()));
    return { sent, since: input.since?.toISOString() ?? null };
  },
} as const satisfies Parameters<typeof defineWorkflow>[0];

// A named subclass of what the factory made.
export class SendDigest extends defineWorkflow(digest) {}
