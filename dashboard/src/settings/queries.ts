/** Queries and changes of the settings. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { ACCOUNT, envelope, own, result, v4 } from "../api/client.ts";
import { queryClient } from "../api/queries.ts";
import type { Role } from "../api/session.ts";

export const tokensQuery = queryOptions({ queryKey: ["tokens"], queryFn: () => result(own.GET("/tokens")) });

export const usersQuery = queryOptions({ queryKey: ["users"], queryFn: () => result(own.GET("/users")) });

export const settingsQuery = queryOptions({ queryKey: ["settings"], queryFn: () => result(own.GET("/settings")) });

export const limitsQuery = queryOptions({
  queryKey: ["limits"],
  queryFn: () => result(own.GET("/limits")),
  staleTime: Infinity,
});

const account = { path: { account_id: ACCOUNT } };

export const accountQuery = queryOptions({
  queryKey: ["account"],
  queryFn: () => result(v4.GET("/accounts/{account_id}/workflows/settings", { params: account })),
});

/** Which entries of the audit log. */
export interface AuditFilter {
  readonly who?: string | undefined;
  readonly action?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

const PAGE = 100;

export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ["audit", filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) =>
      envelope(
        own.GET("/audit", {
          params: { query: { per_page: PAGE, ...given(filter), ...(cursor !== undefined && { cursor: Number(cursor) }) } },
        }),
      ),
    getNextPageParam: ({ result_info }) => result_info?.cursor,
  });

function given(filter: AuditFilter): { [Name in keyof AuditFilter]: string } {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as Record<string, string>;
}

/** Creates a token and returns it, the only time it can be read. */
export async function createToken(label: string, role: Role): Promise<string> {
  const made = await result(own.POST("/tokens", { body: { label, role } }));
  await queryClient.invalidateQueries(tokensQuery);
  return made.token;
}

export async function revokeToken(id: string): Promise<void> {
  await result(own.DELETE("/tokens/{token_id}", { params: { path: { token_id: id } } }));
  await queryClient.invalidateQueries(tokensQuery);
}

export async function createUser(name: string, role: Role, password: string): Promise<void> {
  await result(own.POST("/users", { body: { name, role, password } }));
  await queryClient.invalidateQueries(usersQuery);
}

export async function changeUser(name: string, change: { readonly role?: Role; readonly password?: string }): Promise<void> {
  await result(own.PATCH("/users/{user_name}", { params: { path: { user_name: name } }, body: change }));
  await queryClient.invalidateQueries(usersQuery);
}

export async function removeUser(name: string): Promise<void> {
  await result(own.DELETE("/users/{user_name}", { params: { path: { user_name: name } } }));
  await queryClient.invalidateQueries(usersQuery);
}

/** How long ended instances are kept, in milliseconds or in words; null is what the server does by itself. */
export interface Retention {
  readonly success_retention: number | string | null;
  readonly error_retention: number | string | null;
}

export async function changeRetention(retention: Retention): Promise<void> {
  await result(
    v4.PATCH("/accounts/{account_id}/workflows/settings", { params: account, body: { default_retention: retention } as never }),
  );
  await queryClient.invalidateQueries(accountQuery);
}

/** What the newest version of a workflow says. */
/** Workflows with their schedules. */
export const deployedQuery = queryOptions({
  queryKey: ["workflows", "deployed"],
  queryFn: () => result(v4.GET("/accounts/{account_id}/workflows", { params: { path: account.path, query: { per_page: 100 } } })),
});

export const newestQuery = (workflow: string) =>
  queryOptions({
    queryKey: ["newest", workflow],
    queryFn: async () => {
      const [newest] = await result(
        v4.GET("/accounts/{account_id}/workflows/{workflow_name}/versions", {
          params: { path: { ...account.path, workflow_name: workflow }, query: { per_page: 1 } },
        }),
      );
      return newest;
    },
  });

/** A workflow with all that can be said of it: what is left out would be taken back. */
export interface Policy {
  readonly class_name: string;
  readonly script_name: string;
  readonly limits?: { readonly steps?: number };
  readonly concurrency?: { readonly limit?: number };
  readonly default_retention?: Retention;
  readonly schedules?: readonly { readonly cron: string }[];
}

export async function changePolicy(workflow: string, policy: Policy): Promise<void> {
  await result(
    v4.PUT("/accounts/{account_id}/workflows/{workflow_name}", {
      params: { path: { ...account.path, workflow_name: workflow } },
      body: policy as never,
    }),
  );
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ["newest", workflow] }),
    queryClient.invalidateQueries({ queryKey: ["workflows"] }),
    queryClient.invalidateQueries({ queryKey: ["workflow", workflow] }),
  ]);
}
