/** Logging in and out, and who one is: the only part of the control plane that asks for nothing. */
import { Hono } from "hono";
import { auditOf } from "../../api/endpoint/request-audit.ts";
import { BodyRoom, RequestBody } from "../../api/endpoint/body.ts";
import { failureResponse, success } from "../../api/endpoint/envelope.ts";
import { Failure, failureKind } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import type { Principal } from "../../model/platform/roles.ts";
import type { Guard } from "./auth.ts";
import type { Credentials, Sessions } from "./sessions.ts";

/** The routes of `/session`. `sessions` is absent where no login is needed. */
export function sessionRoutes(guard: Guard, sessions: Sessions | undefined): Hono {
  const app = new Hono();
  const shown = (principal: Principal | undefined): object =>
    success({
      needed: sessions !== undefined,
      logged_in: principal !== undefined,
      ...(principal && { name: principal.name, role: principal.role }),
    });
  app.get("/", async (c) => c.json(shown(await guard(c.req.raw.headers, "GET"))));
  app.post("/", async (c) => {
    const asked = auditOf(c);
    asked.action = "session.create";
    try {
      const given = credentialsOf(await loginOf(c.req.raw));
      if ("name" in given) asked.target = [given.name.slice(0, LIMITS.userName)];
      if (sessions === undefined) return c.json(shown(await guard(c.req.raw.headers, "GET")));
      const { cookie, principal } = await sessions.open(given, asked);
      asked.principal = principal;
      c.header("set-cookie", cookie);
      return c.json(shown(principal));
    } catch (cause) {
      if (!(cause instanceof Failure)) throw cause;
      asked.code = failureKind(cause.failure).code;
      return failureResponse(cause);
    }
  });
  app.delete("/", async (c) => {
    const asked = auditOf(c);
    asked.action = "session.delete";
    asked.principal = await guard(c.req.raw.headers, "GET");
    if (sessions === undefined) return c.json(shown(asked.principal));
    c.header("set-cookie", sessions.close(c.req.raw.headers, asked.isSecure));
    return c.json(shown(undefined));
  });
  return app;
}

/** What is no JSON has no credentials in it. */
async function loginOf(request: Request): Promise<unknown> {
  const body = new RequestBody(request, LIMITS.loginBodyBytes, new BodyRoom());
  try {
    return JSON.parse(await body.text());
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    return null;
  } finally {
    body.close();
  }
}

/** Characters; ours have 43 and a prefix. */
const MAX_TOKEN = 200;

function isLonger(value: unknown, most: number): boolean {
  return typeof value === "string" && value.length > most;
}

function tooLong(field: string, most: number): Failure {
  return new Failure("body", { field, detail: `At most ${most} characters are allowed` });
}

function credentialsOf(body: unknown): Credentials {
  const { token, name, password } = (body ?? {}) as Record<string, unknown>;
  // Before anything is hashed. Nothing that is longer can be right.
  if (isLonger(token, MAX_TOKEN)) throw tooLong("token", MAX_TOKEN);
  if (isLonger(name, LIMITS.userName)) throw tooLong("name", LIMITS.userName);
  if (isLonger(password, LIMITS.passwordMax)) throw tooLong("password", LIMITS.passwordMax);
  if (typeof token === "string" && token !== "") return { token };
  if (typeof name === "string" && typeof password === "string" && name !== "" && password !== "") return { name, password };
  throw new Failure("body", { field: "body", detail: "A token, or a name and a password, is required" });
}
