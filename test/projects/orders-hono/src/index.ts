import { Hono } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { homePage } from "./page";
import { orders } from "./routes/orders";
import type { AppEnv, CloudflareBindings, OrderEvent } from "./types";

const app = new Hono<AppEnv>();

app.use("*", requestId(), secureHeaders());
app.use("/api/*", cors({ origin: "https://shop.example.com", allowMethods: ["GET", "POST"] }));
app.use("/admin/*", async (c, next) => bearerAuth({ token: c.env.WEBHOOK_SECRET })(c, next));

app.get("/", (c) => c.html(homePage(c.env.ENVIRONMENT)));
app.get("/healthz", (c) => c.json({ ok: true, environment: c.env.ENVIRONMENT, tax: c.env.TAX.rate, max: c.env.MAX_ITEMS, client: c.req.header("cf-connecting-ip") !== undefined }));
app.get("/admin/stats", async (c) => {
  const rows = await c.env.DB.prepare("SELECT status, count(*) AS n FROM orders GROUP BY status ORDER BY status").raw({ columnNames: true });
  return c.json(rows);
});
app.route("/api/orders", orders);

app.notFound((c) => c.json({ error: "Not found", path: c.req.path }, 404));
app.onError((error, c) => {
  if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
  console.error(error);
  return c.json({ error: "Internal error" }, 500);
});

export { FulfilOrder } from "./workflows/fulfil-order";

export default {
  fetch: app.fetch,
  async queue(batch, env) {
    const created = batch.messages.filter(({ body }) => body.type === "order.created");
    // createBatch skips the ids that are there, so a message may come twice.
    if (created.length > 0)
      await env.FULFIL_ORDER.createBatch(created.map(({ body }) => ({ id: body.orderId, params: { orderId: body.orderId } })));
    batch.ackAll();
  },
} satisfies ExportedHandler<CloudflareBindings, OrderEvent>;
