/** Every project, in the order in which they run. */
import { chatAgent } from "./probes/chat-agent.ts";
import { intakeDlq } from "./probes/intake-dlq.ts";
import { invoicesJavascript } from "./probes/invoices-javascript.ts";
import { mailerToml } from "./probes/mailer-toml.ts";
import { monorepo } from "./probes/monorepo.ts";
import { ordersHono } from "./probes/orders-hono.ts";
import { ratesDrizzle } from "./probes/rates-drizzle.ts";
import { roomsWebsockets } from "./probes/rooms-websockets.ts";
import { sagasFactory } from "./probes/sagas-factory.ts";
import { storefrontReactRouter } from "./probes/storefront-react-router.ts";
import type { Probe } from "./probe.ts";

export const PROBES: readonly Probe[] = [
  ordersHono,
  chatAgent,
  storefrontReactRouter,
  roomsWebsockets,
  ratesDrizzle,
  monorepo,
  sagasFactory,
  intakeDlq,
  mailerToml,
  invoicesJavascript,
];
