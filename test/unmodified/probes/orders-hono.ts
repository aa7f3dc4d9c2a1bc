import type { Answers, Probe } from "../probe.ts";
import type { Visit } from "../visit.ts";

const ITEMS = [
  { sku: "tea", quantity: 2, priceCents: 450 },
  { sku: "flaky", quantity: 1, priceCents: 1000 },
];

export const ordersHono: Probe = {
  project: "orders-hono",
  kind: "Hono, D1 with migrations, KV and a queue whose consumer starts the workflow",
  worker: "orders",
  secrets: ".dev.vars",
  databases: ["orders-db"],
  ask: async (visit) => {
    const key = { "idempotency-key": "same" };
    const { id, total } = await visit.post<{ id: string; total: number }>("/api/orders", { customer: "Ada", items: ITEMS }, key);
    await visit.until(
      () => visit.json<{ status: string }>(`/api/orders/${id}/workflow`),
      ({ status }) => status !== "unknown",
    );
    const { status, output } = await visit.ended(`/api/orders/${id}/workflow`);
    const again = await visit.post<{ id: string; replayed: boolean }>("/api/orders", { customer: "Ada", items: ITEMS }, key);
    return {
      total,
      status,
      output,
      again: [again.id === id, again.replayed],
      order: await visit.json(`/api/orders/${id}`),
      ...(await rest(visit)),
    };
  },
  expected: {
    total: 1900,
    status: "complete",
    output: {
      invoice: "INV-fe6c7c18-16",
      gross: 2261,
      reservations: [
        { sku: "flaky", quantity: 1, attempt: 2 },
        { sku: "tea", quantity: 2, attempt: 1 },
      ],
      sameId: true,
      at: true,
    },
    again: [true, true],
    order: {
      customer: "Ada",
      status: "fulfilled",
      total: 1900,
      invoice: "INV-fe6c7c18-16",
      items: [
        { sku: "flaky", quantity: 1 },
        { sku: "tea", quantity: 2 },
      ],
    },
    home: '<html lang="en"><head><title>Orders</title></head><body><h1>Orders &amp; more</h1><p>production</p></body></html>',
    health: { ok: true, environment: "production", tax: 0.19, max: 20, client: true },
    stats: [
      ["status", "n"],
      ["fulfilled", 1],
    ],
    refused: [400, 401, 404],
    headers: ["https://shop.example.com", "nosniff"],
  },
};

async function rest(visit: Visit): Promise<Answers> {
  const health = await visit.ask("/healthz");
  const refused = [
    await visit.ask("/api/orders", { method: "POST", body: { customer: "", items: [] } }),
    await visit.ask("/admin/stats"),
    await visit.ask("/api/orders/none"),
  ];
  const cors = await visit.ask("/api/orders/none", { headers: { origin: "https://shop.example.com" } });
  return {
    home: (await visit.ask("/")).text,
    health: JSON.parse(health.text) as unknown,
    stats: await visit.json("/admin/stats", { headers: { authorization: "Bearer whsec_local-1" } }),
    refused: refused.map(({ status }) => status),
    headers: [cors.headers["access-control-allow-origin"], health.headers["x-content-type-options"]],
  };
}
