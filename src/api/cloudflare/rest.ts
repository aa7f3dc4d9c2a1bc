/** Cloudflare's REST API for Workflows and the Workers that have them, below `/client/v4`. Each resource has a file. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { mount, type Api, type Endpoint } from "../endpoint/endpoint.ts";
import { failureResponse } from "../endpoint/envelope.ts";
import { accountRoutes } from "./account/account.ts";
import { assets } from "./workers/assets.ts";
import { concurrency } from "./workflows/concurrency.ts";
import { d1Files } from "./storage/d1-files.ts";
import { d1Databases } from "./storage/d1.ts";
import { eventSubscriptions } from "./queues/event-subscriptions.ts";
import { hostNames } from "./account/host-names.ts";
import { instance } from "./workflows/instance.ts";
import { instances } from "./workflows/instances.ts";
import { kvNamespaces } from "./storage/kv.ts";
import { kvValues } from "./storage/kv-values.ts";
import { queues } from "./queues/queues.ts";
import { queuesConsumers } from "./queues/consumers.ts";
import { queuesMessages } from "./queues/messages.ts";
import { r2Buckets } from "./storage/r2.ts";
import { scripts } from "./workers/scripts.ts";
import { scriptsReferences } from "./workers/references.ts";
import { scriptsSecrets } from "./workers/secrets.ts";
import { scriptsSettings } from "./workers/settings.ts";
import { storesSecrets } from "./secrets/secrets.ts";
import { secretsStores } from "./secrets/stores.ts";
import { scriptsTails } from "./workers/tails.ts";
import { scriptsVersions } from "./workers/versions.ts";
import { subscribe } from "./workflows/subscribe.ts";
import { eventTriggers } from "./workflows/triggers.ts";
import { versions } from "./workflows/versions.ts";
import { workers } from "./workers/workers.ts";
import { workersVersions } from "./workers/workers-versions.ts";
import { workflows } from "./workflows/workflows.ts";

/** Fixed names come before those that they could be mistaken for: `batch` is no instance's id, `concurrency` no workflow. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...accountRoutes,
  ...concurrency,
  ...workflows,
  ...instances,
  ...subscribe,
  ...instance,
  ...versions,
  ...eventTriggers,
  ...assets,
  ...scripts,
  ...scriptsReferences,
  ...scriptsVersions,
  ...workers,
  ...workersVersions,
  ...scriptsSecrets,
  ...scriptsSettings,
  ...scriptsTails,
  ...kvNamespaces,
  ...kvValues,
  ...d1Databases,
  ...d1Files,
  ...r2Buckets,
  ...hostNames,
  ...secretsStores,
  ...storesSecrets,
  ...queues,
  ...queuesConsumers,
  ...queuesMessages,
  ...eventSubscriptions,
];

/** The routes, and their description at `/openapi.json`. */
export function restApi(api: Api): OpenAPIHono {
  const app = new OpenAPIHono();
  mount(app, api, ENDPOINTS, failureResponse);
  const description = { openapi: "3.1.0", info: { title: "stepwell", version: "4.0.0" }, servers: [{ url: "/client/v4" }] };
  app.doc31("/openapi.json", description);
  return app;
}
