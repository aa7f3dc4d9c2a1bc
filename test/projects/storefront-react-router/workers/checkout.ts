import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

export class CheckoutWorkflow extends WorkflowEntrypoint<Env, { cart: string }> {
  async run(event: WorkflowEvent<{ cart: string }>, step: WorkflowStep) {
    const items = await step.do("read cart", async () => {
      const items = await this.env.CARTS.get<string[]>(event.payload.cart, "json");
      if (items === null) throw new Error("The cart is not there yet");
      return items;
    });
    await step.sleep("hold the stock", "1 second");
    const receipt = await step.do("charge", { retries: { limit: 2, delay: "1 second" } }, async () => {
      const { renderReceipt } = await import("./receipt");
      return renderReceipt(this.env.SHOP_NAME, items);
    });
    return { receipt, mode: import.meta.env.MODE, prod: import.meta.env.PROD, analytics: import.meta.env.VITE_ANALYTICS_ID };
  }
}
