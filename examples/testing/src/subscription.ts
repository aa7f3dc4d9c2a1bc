/** A subscription for twelve months: charged monthly, with a reminder to the customer when the card is refused. */
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

interface Params {
  readonly customer: string;
}

export class Subscription extends WorkflowEntrypoint<unknown, Params> {
  override async run(event: WorkflowEvent<Params>, step: WorkflowStep) {
    const receipts: string[] = [];
    for (let month = 1; month <= 12; month += 1) {
      try {
        receipts.push(await step.do("charge", () => charge(event.payload.customer)));
      } catch {
        const answer = await this.#ask(step);
        return { receipts, ended: answer };
      }
      await step.sleep("until next month", "30 days");
    }
    return { receipts, ended: "after a year" };
  }

  async #ask(step: WorkflowStep): Promise<string> {
    await step.do("send reminder", () => {});
    try {
      const { payload } = await step.waitForEvent<{ reason: string }>("answer", { type: "answer", timeout: "14 days" });
      return payload.reason;
    } catch {
      return "no answer";
    }
  }
}

async function charge(customer: string): Promise<string> {
  const response = await fetch(`https://payments.example/charge/${customer}`, { method: "POST" });
  if (!response.ok) throw new Error(`The card was refused (${response.status})`);
  return response.text();
}
