/** Cloudflare's REST API for Workflows, below `/client/v4`. Each resource has a file in `routes/`. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { mount, type Api, type Endpoint } from "./endpoint.ts";
import { failureResponse } from "./envelope.ts";
import { accountRoutes } from "./routes/account.ts";
import { instance } from "./routes/instance.ts";
import { instances } from "./routes/instances.ts";
import { subscribe } from "./routes/subscribe.ts";
import { versions } from "./routes/versions.ts";
import { workflows } from "./routes/workflows.ts";

/** Collections come before their members: `batch` is not an instance's id. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...accountRoutes,
  ...workflows,
  ...instances,
  ...subscribe,
  ...instance,
  ...versions,
];

/** The routes, and their description at `/openapi.json`. */
export function restApi(api: Api): OpenAPIHono {
  const app = new OpenAPIHono();
  mount(app, api, ENDPOINTS, failureResponse);
  const description = { openapi: "3.1.0", info: { title: "stepwell", version: "4.0.0" }, servers: [{ url: "/client/v4" }] };
  app.doc31("/openapi.json", description);
  return app;
}
