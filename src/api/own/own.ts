/**
 * What this server answers beyond Cloudflare's API, below `/api/v1`: the same tokens, the same envelope and the same form
 * of errors, but paths without an account, as there is only one.
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import { mount, type Api, type Endpoint } from "../endpoint/endpoint.ts";
import { failureResponse } from "../endpoint/envelope.ts";
import { actions } from "./actions.ts";
import { analytics } from "./kept/analytics.ts";
import { audit } from "./audit.ts";
import { credentials } from "./credentials.ts";
import { emails } from "./kept/emails.ts";
import { errors } from "./errors.ts";
import { instanceLogs } from "./instance-logs.ts";
import { instancesFound } from "./instances-found.ts";
import { ownScripts } from "./scripts.ts";
import { resources } from "./resources.ts";
import { schedules } from "./schedules.ts";
import { search } from "./search.ts";
import { settings } from "./settings.ts";
import { timelines } from "./timeline.ts";
import { waits } from "./waits.ts";
import { workflowOverviews } from "./workflow-overviews.ts";

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
  ...analytics,
  ...emails,
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
