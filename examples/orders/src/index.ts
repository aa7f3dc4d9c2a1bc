/** An order: reserved, charged, approved by a person, shipped. Plain Cloudflare Workflows code. */
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";

interface Item {
  sku: string;
  quantity: number;
}

interface OrderParams {
  orderId: string;
  items: Item[];
  /** Makes the first attempt to charge the card fail. */
  flaky?: boolean;
  /** How long to wait before asking for approval; 1 by default. */
  coolOffSeconds?: number;
}

interface Approval {
  approvedBy: string;
}

interface Env {
  ORDERS: Workflow<OrderParams>;
}

export class OrderWorkflow extends WorkflowEntrypoint<Env, OrderParams> {
  override async run(event: Readonly<WorkflowEvent<OrderParams>>, step: WorkflowStep) {
    const { orderId, items, flaky = false, coolOffSeconds = 1 } = event.payload;

    const reservation = await step.do("reserve stock", async () => ({
      reservationId: `res-${orderId}`,
      units: items.reduce((sum, { quantity }) => sum + quantity, 0),
    }));

    await step.do("charge card", { retries: { limit: 3, delay: 200, backoff: "constant" } }, async ({ attempt }) => {
      if (flaky && attempt === 1) throw new Error("card processor unavailable");
      return { chargeId: `ch-${orderId}`, attempt };
    });

    await step.sleep("cool off", coolOffSeconds * 1000);

    const approval = await step.waitForEvent<Approval>("await approval", { type: "approval", timeout: "1 hour" });

    const manifest = await step.do("build manifest", async () => ({
      orderId,
      reservationId: reservation.reservationId,
      labels: labels(orderId, items),
    }));

    const shipment = await step.do("ship", async () => ({
      trackingNumber: `trk-${orderId}-${manifest.labels.length}`,
    }));

    return { orderId, status: "shipped", approvedBy: approval.payload.approvedBy, trackingNumber: shipment.trackingNumber };
  }
}

/** Sixty labels an order, which makes a manifest too long for the log. */
function labels(orderId: string, items: Item[]): string[] {
  const contents = items.map(({ sku, quantity }) => `${quantity} × ${sku}`).join(", ") || "nothing";
  return Array.from(
    { length: 60 },
    (_, i) =>
      `Parcel ${i + 1} of 60 for order ${orderId}: ${contents}. Keep dry, this side up, do not stack. Return to sender if lost.`,
  );
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (request.method === "POST") {
      const params = await request.json<OrderParams>();
      const instance = await env.ORDERS.create({ id: params.orderId, params });
      return Response.json({ id: instance.id, status: await instance.status() }, { status: 201 });
    }
    const id = new URL(request.url).searchParams.get("id");
    if (id === null) return new Response("POST an order, or ask for one: /?id=order-1\n", { status: 400 });
    const instance = await env.ORDERS.get(id);
    return Response.json(await instance.status());
  },
} satisfies ExportedHandler<Env>;
