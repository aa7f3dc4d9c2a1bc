/** Tokens, and people who have a password: what is kept of them, never what lets them in. */
import { z } from "zod";
import { createToken } from "../../access/tokens.ts";
import { changeUser, createUser } from "../../access/users.ts";
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import { ROLES } from "../../model/platform/roles.ts";
import { iso } from "../../model/time/calendar.ts";
import type { TokenRecord, UserRecord } from "../../ports/catalog/credentials.ts";
import { endpoint, type Endpoint } from "../endpoint/endpoint.ts";
import { timestamp } from "../cloudflare/workflows/schemas.ts";

const role = z.enum(ROLES);

const token = z.object({ id: z.string(), label: z.string(), role, created_on: timestamp });

const user = z.object({ name: z.string(), role, created_on: timestamp });

const password = z.string();

const ADMIN = { needs: "admin" } as const;

function showToken({ id, label, role: held, createdAt }: TokenRecord): z.input<typeof token> {
  return { id, label, role: held, created_on: iso(createdAt) };
}

function showUser({ name, role: held, createdAt }: UserRecord): z.input<typeof user> {
  return { name, role: held, created_on: iso(createdAt) };
}

const tokens: readonly Endpoint[] = [
  endpoint("get", "/tokens", {
    summary: "List tokens, oldest first",
    ...ADMIN,
    result: z.array(token),
    handle: async (_, { catalog }) => ({ result: (await catalog.tokens()).map(showToken) }),
  }),
  endpoint("post", "/tokens", {
    summary: "Create a token; only this response contains it",
    ...ADMIN,
    body: z.object({ label: z.string().max(LIMITS.tokenLabel).default(""), role }),
    result: token.extend({ token: z.string() }),
    handle: async ({ body }, api) => {
      const made = await createToken(api, body);
      return { result: { ...showToken(made.record), token: made.token } };
    },
  }),
  endpoint("delete", "/tokens/{token_id}", {
    summary: "Revoke a token and end its sessions",
    ...ADMIN,
    result: z.object({ id: z.string() }),
    handle: async ({ params: { token_id: id } }, { catalog }) => {
      if (!(await catalog.removeToken(id))) throw new Failure("access.no_token", { field: "token_id" });
      return { result: { id } };
    },
  }),
];

const users: readonly Endpoint[] = [
  endpoint("get", "/users", {
    summary: "List users by name",
    ...ADMIN,
    result: z.array(user),
    handle: async (_, { catalog }) => ({ result: (await catalog.users()).map(showUser) }),
  }),
  endpoint("post", "/users", {
    summary: "Add a user with a name and a password",
    ...ADMIN,
    body: z.object({ name: z.string(), role, password }),
    result: user,
    handle: async ({ body }, api) => ({
      result: showUser(await createUser(api, body.name, body.role, body.password)),
    }),
  }),
  endpoint("patch", "/users/{user_name}", {
    summary: "Change the role or the password of a user and end the user's sessions",
    ...ADMIN,
    body: z
      .object({ role: role.optional(), password: password.optional() })
      .refine((change) => change.role !== undefined || change.password !== undefined, "Say what to change: role or password"),
    result: user,
    handle: async ({ params, body }, { catalog }) => ({ result: showUser(await changeUser(catalog, params.user_name, body)) }),
  }),
  endpoint("delete", "/users/{user_name}", {
    summary: "Remove a user and end the user's sessions",
    ...ADMIN,
    result: z.object({ name: z.string() }),
    handle: async ({ params: { user_name: name } }, { catalog }) => {
      if (!(await catalog.removeUser(name))) throw new Failure("access.no_user", { field: "user_name" });
      return { result: { name } };
    },
  }),
];

/** Both. */
export const credentials: readonly Endpoint[] = [...tokens, ...users];
