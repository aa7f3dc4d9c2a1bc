/** Logging in and out: the only part of the control plane that asks for nothing. */
import { Hono } from "hono";
import { failureResponse, success } from "../api/envelope.ts";
import { Failure } from "../model/errors.ts";
import type { Sessions } from "./sessions.ts";

/** The routes of `/session`. `sessions` is absent where nobody needs to log in. */
export function sessionRoutes(sessions: Sessions | undefined): Hono {
  const app = new Hono();
  app.get("/", async (c) => {
    const isLoggedIn = sessions === undefined || (await sessions.holds(c.req.raw.headers, "GET"));
    return c.json(success({ needed: sessions !== undefined, logged_in: isLoggedIn }));
  });
  app.post("/", async (c) => {
    const { token } = (await c.req.json<{ token?: unknown } | null>().catch(() => null)) ?? {};
    if (typeof token !== "string" || token === "")
      return failureResponse(new Failure("body", { field: "token", detail: "A token is needed to log in" }));
    try {
      if (sessions !== undefined) c.header("set-cookie", await sessions.open(token));
      return c.json(success({ logged_in: true }));
    } catch (cause) {
      if (cause instanceof Failure) return failureResponse(cause);
      throw cause;
    }
  });
  app.delete("/", (c) => {
    if (sessions !== undefined) c.header("set-cookie", sessions.close(c.req.raw.headers));
    return c.json(success({ logged_in: false }));
  });
  return app;
}
