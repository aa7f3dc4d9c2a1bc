import type { FulfilParams } from "./workflows/fulfil-order";

export type OrderEvent = { type: "order.created" | "order.cancelled"; orderId: string };

export interface CloudflareBindings {
  ENVIRONMENT: string;
  TAX: { rate: number; countries: string[] };
  MAX_ITEMS: number;
  WEBHOOK_SECRET: string;
  DB: D1Database;
  IDEMPOTENCY: KVNamespace;
  ORDER_QUEUE: Queue<OrderEvent>;
  FULFIL_ORDER: Workflow<FulfilParams>;
}

export type AppEnv = { Bindings: CloudflareBindings; Variables: { requestId: string } };
