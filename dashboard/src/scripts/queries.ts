/** Queries and changes of scripts. */
import { queryOptions } from "@tanstack/react-query";
import { ACCOUNT, envelope, own, result, v4 } from "../api/client.ts";
import { queryClient } from "../api/queries.ts";

const PAGE = 100;

export const scriptsQuery = queryOptions({
  queryKey: ["scripts"],
  queryFn: () => envelope(own.GET("/scripts", { params: { query: { per_page: PAGE } } })),
});

export const scriptQuery = (script: string) =>
  queryOptions({
    queryKey: ["script", script],
    queryFn: () => result(own.GET("/scripts/{script_name}", { params: { path: { script_name: script } } })),
  });

const of = (script: string) => ({ path: { account_id: ACCOUNT, script_name: script } });

/** A value in `env`, in Cloudflare's words: what it has besides depends on its type. */
export interface Binding {
  readonly name: string;
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A version of a script, as far as it is shown. */
export interface Version {
  readonly id: string;
  readonly number: number;
  readonly metadata: { readonly created_on: string };
  readonly annotations: Readonly<Record<string, string>>;
  readonly resources: {
    readonly bindings: readonly Binding[];
    readonly script: { readonly etag: string };
    readonly script_runtime: { readonly compatibility_date?: string; readonly compatibility_flags: readonly string[] };
  };
}

/** A deployment of one. */
export interface Deployment {
  readonly [field: string]: unknown;
  readonly id: string;
  readonly created_on: string;
  readonly versions: readonly { readonly version_id: string }[];
  readonly annotations?: Readonly<Record<string, string>>;
}

export const versionsQuery = (script: string) =>
  queryOptions({
    queryKey: ["script", script, "versions"],
    queryFn: async () => {
      const path = "/accounts/{account_id}/workers/scripts/{script_name}/versions";
      const { items } = await result(v4.GET(path, { params: { ...of(script), query: { per_page: PAGE } } }));
      return items as unknown as readonly Version[];
    },
  });

export const deploymentsQuery = (script: string) =>
  queryOptions({
    queryKey: ["script", script, "deployments"],
    queryFn: async () => {
      const path = "/accounts/{account_id}/workers/scripts/{script_name}/deployments";
      return (await result(v4.GET(path, { params: of(script) }))).deployments;
    },
  });

async function refresh(script: string): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ["script", script] }),
    queryClient.invalidateQueries({ queryKey: ["scripts"] }),
    queryClient.invalidateQueries({ queryKey: ["workflows"] }),
  ]);
}

/** Makes a version the one that counts. */
export async function deployVersion(script: string, versionId: string, message: string): Promise<void> {
  await result(
    v4.POST("/accounts/{account_id}/workers/scripts/{script_name}/deployments", {
      params: of(script),
      body: {
        strategy: "percentage",
        versions: [{ version_id: versionId, percentage: 100 }],
        annotations: { "workers/message": message, "workers/triggered_by": "rollback" },
      },
    }),
  );
  await refresh(script);
}

/** Makes a version with this secret, and deploys it. */
export async function putSecret(script: string, name: string, text: string): Promise<void> {
  await result(
    v4.PUT("/accounts/{account_id}/workers/scripts/{script_name}/secrets", {
      params: of(script),
      body: { name, text, type: "secret_text" },
    }),
  );
  await refresh(script);
}

/** Makes a version without this secret, and deploys it. */
export async function deleteSecret(script: string, name: string): Promise<void> {
  await result(
    v4.DELETE("/accounts/{account_id}/workers/scripts/{script_name}/secrets/{secret_name}", {
      params: { path: { ...of(script).path, secret_name: name } },
    }),
  );
  await refresh(script);
}

/** Begins to follow what a script logs; answers where a WebSocket gets it, below this page's own address. */
export async function openTail(script: string): Promise<{ readonly id: string; readonly url: string }> {
  const { id } = await result(
    v4.POST("/accounts/{account_id}/workers/scripts/{script_name}/tails", { params: of(script), body: { filters: [] } }),
  );
  return { id, url: `${location.origin.replace("http", "ws")}/tails/${id}` };
}

export async function closeTail(script: string, id: string): Promise<void> {
  await result(
    v4.DELETE("/accounts/{account_id}/workers/scripts/{script_name}/tails/{tail_id}", {
      params: { path: { ...of(script).path, tail_id: id } },
    }),
  );
}
