/** Whether one has to log in, and has. */
import { queryOptions } from "@tanstack/react-query";
import { OWN_HEADERS, resultOf } from "./client.ts";
import { queryClient } from "./queries.ts";

interface Session {
  readonly needed: boolean;
  readonly logged_in: boolean;
}

const ROUTE = "/api/v1/session";

export const sessionQuery = queryOptions({ queryKey: ["session"], queryFn: () => ask("GET"), staleTime: 60_000 });

/** Fails with what the server says of the token. */
export async function logIn(token: string): Promise<void> {
  await ask("POST", { token });
  queryClient.setQueryData(sessionQuery.queryKey, { needed: true, logged_in: true });
}

/** What was read is forgotten, and not asked for again. */
export async function logOut(): Promise<void> {
  await ask("DELETE");
  queryClient.setQueryData(sessionQuery.queryKey, { needed: true, logged_in: false });
  queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
}

async function ask(method: string, body?: unknown): Promise<Session> {
  const response = await fetch(ROUTE, {
    method,
    headers: OWN_HEADERS,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return resultOf<Session>(response);
}
