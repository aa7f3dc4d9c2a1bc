/**
 * What this server answers beyond Cloudflare's API, below `/api/v1`: the same tokens, the same envelope and the same form
 * of errors, but paths without an account, as there is only one.
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import { mount, type Api, type Endpoint } from "./endpoint.ts";
import { failureResponse } from "./envelope.ts";
import { actions } from "./routes/actions.ts";
import { audit } from "./routes/audit.ts";
import { credentials } from "./routes/credentials.ts";
import { errors } from "./routes/errors.ts";
import { instanceLogs } from "./routes/instance-logs.ts";
import { instancesFound } from "./routes/instances-found.ts";
import { ownScripts } from "./routes/own-scripts.ts";
import { resources } from "./routes/resources.ts";
import { schedules } from "./routes/schedules.ts";
import { search } from "./routes/search.ts";
import { settings } from "./routes/settings.ts";
import { timelines } from "./routes/timeline.ts";
import { waits } from "./routes/waits.ts";
import { workflowOverviews } from "./routes/workflow-overviews.ts";

/** Where all of it is. */
export const OWN_PREFIX = "/api/v1";

/** Each resource has a file in `routes/`. */
export const OWN_ENDPOINTS: readonly Endpoint[] = [
  ...workflowOverviews,
  ...instancesFound,
  ...actions,
  ...errors,
  ...timelines,
  ...waits,
  ...instanceLogs,
  ...ownScripts,
  ...resources,
  ...schedules,
  ...search,
  ...credentials,
  ...audit,
  ...settings,
];

/** The routes, and their description at `/openapi.json`. */
export function ownApi(api: Api): OpenAPIHono {
  const app = new OpenAPIHono();
  mount(app, api, OWN_ENDPOINTS, failureResponse);
  const info = { title: "stepwell, beyond Cloudflare's API", version: "1.0.0" };
  app.doc31("/openapi.json", { openapi: "3.1.0", info, servers: [{ url: OWN_PREFIX }] });
  return app;
}
