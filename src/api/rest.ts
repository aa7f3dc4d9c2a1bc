/** Cloudflare's REST API for Workflows and for the Workers that have them, below `/client/v4`. Each resource has a file in `routes/`. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { mount, type Api, type Endpoint } from "./endpoint.ts";
import { failureResponse } from "./envelope.ts";
import { accountRoutes } from "./routes/account.ts";
import { assets } from "./routes/assets.ts";
import { concurrency } from "./routes/concurrency.ts";
import { d1Files } from "./routes/d1-files.ts";
import { d1Databases } from "./routes/d1.ts";
import { eventSubscriptions } from "./routes/event-subscriptions.ts";
import { hostNames } from "./routes/host-names.ts";
import { instance } from "./routes/instance.ts";
import { instances } from "./routes/instances.ts";
import { kvNamespaces } from "./routes/kv.ts";
import { kvValues } from "./routes/kv-values.ts";
import { platform } from "./routes/platform.ts";
import { queues } from "./routes/queues.ts";
import { queuesConsumers } from "./routes/queues-consumers.ts";
import { queuesMessages } from "./routes/queues-messages.ts";
import { r2Buckets } from "./routes/r2.ts";
import { scripts } from "./routes/scripts.ts";
import { scriptsReferences } from "./routes/scripts-references.ts";
import { scriptsSecrets } from "./routes/scripts-secrets.ts";
import { scriptsSettings } from "./routes/scripts-settings.ts";
import { scriptsTails } from "./routes/scripts-tails.ts";
import { scriptsVersions } from "./routes/scripts-versions.ts";
import { subscribe } from "./routes/subscribe.ts";
import { eventTriggers } from "./routes/triggers.ts";
import { versions } from "./routes/versions.ts";
import { workers } from "./routes/workers.ts";
import { workersVersions } from "./routes/workers-versions.ts";
import { workflows } from "./routes/workflows.ts";

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
  ...queues,
  ...queuesConsumers,
  ...queuesMessages,
  ...eventSubscriptions,
  ...platform,
];

/** The routes, and their description at `/openapi.json`. */
export function restApi(api: Api): OpenAPIHono {
  const app = new OpenAPIHono();
  mount(app, api, ENDPOINTS, failureResponse);
  const description = { openapi: "3.1.0", info: { title: "stepwell", version: "4.0.0" }, servers: [{ url: "/client/v4" }] };
  app.doc31("/openapi.json", description);
  return app;
}
