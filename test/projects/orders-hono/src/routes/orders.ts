import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { customAlphabet } from "nanoid";
import { z } from "zod";
import type { AppEnv } from "../types";

const newId = customAlphabet("0123456789abcdefghjkmnpqrstvwxyz", 12);

const orderSchema = z.object({
  customer: z.string().trim().min(1),
  items: z
    .array(z.object({ sku: z.string(), quantity: z.number().int().positive(), priceCents: z.number().int().nonnegative() }))
    .min(1),
});

export const orders = new Hono<AppEnv>()
  .post("/", zValidator("json", orderSchema), async (c) => {
    const { customer, items } = c.req.valid("json");
    if (items.length > c.env.MAX_ITEMS) throw new HTTPException(422, { message: "Too many items" });

    const key = c.req.header("Idempotency-Key");
    const seen = key ? await c.env.IDEMPOTENCY.get<{ id: string }>(key, "json") : null;
    if (seen) return c.json({ ...seen, replayed: true }, 200);

    const id = `ord_${newId()}`;
    const total = items.reduce((sum, { quantity, priceCents }) => sum + quantity * priceCents, 0);
    await c.env.DB.batch([
      c.env.DB.prepare("INSERT INTO orders (id, customer, total_cents) VALUES (?1, ?2, ?3)").bind(id, customer, total),
      ...items.map(({ sku, quantity, priceCents }) =>
        c.env.DB.prepare("INSERT INTO order_items VALUES (?, ?, ?, ?)").bind(id, sku, quantity, priceCents),
      ),
    ]);
    if (key) c.executionCtx.waitUntil(c.env.IDEMPOTENCY.put(key, JSON.stringify({ id }), { expirationTtl: 86_400 }));
    await c.env.ORDER_QUEUE.send({ type: "order.created", orderId: id }, { contentType: "json" });
    return c.json({ id, total }, 201);
  })
  .get("/:id", async (c) => {
    const id = c.req.param("id");
    const row = await c.env.DB.prepare("SELECT customer, status, total_cents AS total, invoice_number AS invoice FROM orders WHERE id = ?")
      .bind(id)
      .first<{ customer: string; status: string; total: number; invoice: string | null }>();
    if (!row) throw new HTTPException(404, { message: "No such order" });
    const { results } = await c.env.DB.prepare("SELECT sku, quantity FROM order_items WHERE order_id = ? ORDER BY sku").bind(id).all();
    return c.json({ ...row, items: results });
  })
  .get("/:id/workflow", async (c) => {
    try {
      const instance = await c.env.FULFIL_ORDER.get(c.req.param("id"));
      return c.json(await instance.status());
    } catch {
      return c.json({ status: "unknown" }, 404);
    }
  });
