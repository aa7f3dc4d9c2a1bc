import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep, type WorkflowStepConfig } from "cloudflare:workers";
import { NonRetryableError } from "cloudflare:workflows";
import { createHash } from "node:crypto";
import { OutOfStock } from "../lib/errors";
import type { CloudflareBindings } from "../types";

export type FulfilParams = { orderId: string };

const ioConfig: WorkflowStepConfig = {
  retries: { limit: 3, delay: "1 second", backoff: "exponential" },
  timeout: "30 seconds",
};

type Item = { sku: string; quantity: number; price_cents: number };

export class FulfilOrder extends WorkflowEntrypoint<CloudflareBindings, FulfilParams> {
  override async run(event: Readonly<WorkflowEvent<FulfilParams>>, step: WorkflowStep) {
    const { orderId } = event.payload;

    const items = await step.do("load items", ioConfig, async () => {
      const { results } = await this.env.DB.prepare("SELECT sku, quantity, price_cents FROM order_items WHERE order_id = ?1 ORDER BY sku")
        .bind(orderId)
        .all<Item>();
      if (results.length === 0) throw new NonRetryableError(`Order ${orderId} has no items`, "EmptyOrder");
      return results;
    });

    const reservations = await Promise.all(
      items.map(({ sku, quantity }) =>
        step.do(`reserve ${sku}`, { retries: { limit: 2, delay: 100, backoff: "constant" } }, async (ctx) => {
          if (sku === "flaky" && ctx.attempt === 1) throw new OutOfStock(sku);
          return { sku, quantity, attempt: ctx.attempt };
        }),
      ),
    );

    await step.sleep("let the payment settle", "1 second");

    const invoice = await step.do("write invoice", ioConfig, async () => {
      const digest = createHash("sha256").update(items.map((item) => item.sku).join("+")).digest("hex");
      const number = `INV-${digest.slice(0, 8)}-${orderId.length}`;
      await this.env.DB.prepare("UPDATE orders SET invoice_number = ?2 WHERE id = ?1").bind(orderId, number).run();
      return number;
    });

    const gross = await step.do("add tax", async () => {
      const net = items.reduce((sum, item) => sum + item.quantity * item.price_cents, 0);
      return Math.round(net * (1 + this.env.TAX.rate));
    });

    await step.do("mark fulfilled", ioConfig, async () => {
      const { meta } = await this.env.DB.prepare("UPDATE orders SET status = 'fulfilled' WHERE id = ? AND status <> 'fulfilled'")
        .bind(orderId)
        .run();
      return meta.changes;
    });

    return { invoice, gross, reservations, sameId: event.instanceId === orderId, at: event.timestamp instanceof Date };
  }
}
