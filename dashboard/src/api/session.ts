/** The session: whether a login is required, who is logged in, and with which role. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { OWN_HEADERS, resultOf } from "./client.ts";
import { queryClient } from "./queries.ts";

/** From the least to the most; each may do what the ones before it may. */
export const ROLES = ["observer", "viewer", "operator", "admin"] as const;

export type Role = (typeof ROLES)[number];

interface Session {
  readonly needed: boolean;
  readonly logged_in: boolean;
  /** Name and role of the logged-in user or token. */
  readonly name?: string;
  readonly role?: Role;
}

/** What one logs in with. */
export type Credentials = { readonly token: string } | { readonly name: string; readonly password: string };

const ROUTE = "/api/v1/session";

export const sessionQuery = queryOptions({ queryKey: ["session"], queryFn: () => ask("GET"), staleTime: 60_000 });

/** Fails with what the server says of the credentials. */
export async function logIn(credentials: Credentials): Promise<void> {
  queryClient.setQueryData(sessionQuery.queryKey, await ask("POST", credentials));
}

/** What was read is forgotten, and not asked for again. */
export async function logOut(): Promise<void> {
  queryClient.setQueryData(sessionQuery.queryKey, await ask("DELETE"));
  queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
}

/** The role of the session; the lowest one until it is known. */
function useRole(): Role {
  return useQuery(sessionQuery).data?.role ?? "observer";
}

/** Why the session lacks a role; undefined when it has it. */
export function useRefusal(needed: Role): string | undefined {
  const role = useRole();
  return ROLES.indexOf(role) >= ROLES.indexOf(needed)
    ? undefined
    : `This request requires the role ${needed}; your role is ${role}`;
}

async function ask(method: string, body?: unknown): Promise<Session> {
  const response = await fetch(ROUTE, {
    method,
    headers: OWN_HEADERS,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return resultOf<Session>(response);
}
