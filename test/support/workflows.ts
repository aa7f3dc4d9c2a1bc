/** Workflows that several tests drive. */
import { NonRetryableError } from "../../src/runtime/cloudflare/workflows.ts";
import type { WorkflowStep } from "../../src/runtime/cloudflare/workers.ts";

/** More than the log shows of an output. */
export const LONG: string = "x".repeat(5_000);

/** One of each kind of step: a `do` that fails once, a sleep of an hour, a wait for an approval. */
export class Order {
  async run(event: { payload: { item?: string } }, step: WorkflowStep): Promise<unknown> {
    const reserved = await step.do("reserve", () => ({ item: event.payload.item ?? "nothing", note: LONG }));
    await step.do("charge", { retries: { limit: 2, delay: "1 minute", backoff: "constant" } }, ({ attempt }) => {
      if (attempt === 1) throw new TypeError("card refused");
      return attempt;
    });
    await step.sleep("cool off", "1 hour");
    const approval = await step.waitForEvent<{ by: string }>("approval", { type: "approve", timeout: "1 day" });
    return { item: reserved.item, by: approval.payload.by };
  }
}

/** Ends at once. */
export class Quick {
  async run(event: { payload: unknown }, step: WorkflowStep): Promise<unknown> {
    return step.do("echo", () => event.payload ?? null);
  }
}

/** Sleeps for an hour. */
export class Sleeper {
  async run(_: unknown, step: WorkflowStep): Promise<void> {
    await step.sleep("nap", "1 hour");
  }
}

/** Has a secret that only its own code may see. */
export class Secretive {
  async run(_: unknown, step: WorkflowStep): Promise<string> {
    const secret = await step.do("fetch key", { sensitive: "output" }, () => "hunter2");
    return `${secret.length} characters`;
  }
}

/** Streams five thousand bytes out of a step, and as many secret ones out of another. */
export class Streaming {
  async run(_: unknown, step: WorkflowStep): Promise<void> {
    const stream = (): ReadableStream => new Blob([LONG]).stream();
    await step.do("page", async () => stream());
    await step.do("secret page", { sensitive: "output" }, async () => stream());
  }
}

/** Fails for good. */
export class Doomed {
  async run(_: unknown, step: WorkflowStep): Promise<void> {
    await step.do("fail", () => {
      throw new NonRetryableError("no use", "Hopeless");
    });
  }
}
