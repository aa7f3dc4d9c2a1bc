/** The queries of the server, cached by key until something is known to have changed. */
import { QueryClient, queryOptions } from "@tanstack/react-query";
import { ACCOUNT, ApiError, own, result, resultOf, v4 } from "./client.ts";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // Without a network a server on this machine answers all the same.
      networkMode: "always",
      // What the server has refused it will refuse again.
      retry: (failures, cause) => !(cause instanceof ApiError && cause.status >= 400) && failures < 2,
    },
  },
});

const inWorkflow = (workflow: string) => ({ account_id: ACCOUNT, workflow_name: workflow });

export const workflowQuery = (workflow: string) =>
  queryOptions({
    queryKey: ["workflow", workflow],
    queryFn: () => result(v4.GET("/accounts/{account_id}/workflows/{workflow_name}", { params: { path: inWorkflow(workflow) } })),
  });

export const graphQuery = (workflow: string, version: string) =>
  queryOptions({
    queryKey: ["graph", workflow, version],
    queryFn: () =>
      result(
        v4.GET("/accounts/{account_id}/workflows/{workflow_name}/versions/{version_id}/graph", {
          params: { path: { ...inWorkflow(workflow), version_id: version } },
        }),
      ),
    staleTime: Infinity,
  });

const ofInstance = (workflow: string, id: string) => ({ ...inWorkflow(workflow), instance_id: id });

/** Params and output of an instance, without its steps. */
export const instanceQuery = (workflow: string, id: string) =>
  queryOptions({
    queryKey: ["instance", workflow, id],
    queryFn: () =>
      result(
        v4.GET("/accounts/{account_id}/workflows/{workflow_name}/instances/{instance_id}", {
          params: { path: ofInstance(workflow, id), query: { simple: "true" } },
        }),
      ),
  });

export const logsQuery = (workflow: string, id: string, step?: { readonly name: string; readonly count: number }) =>
  queryOptions({
    queryKey: ["logs", workflow, id, step],
    queryFn: () =>
      result(
        own.GET("/workflows/{workflow_name}/instances/{instance_id}/logs", {
          params: {
            path: { workflow_name: workflow, instance_id: id },
            query: { limit: 1_000, ...(step !== undefined && { step: step.name, count: step.count }) },
          },
        }),
      ),
  });

/** Which output. */
interface OutputOf {
  readonly workflow: string;
  readonly id: string;
  readonly name: string;
  readonly type: "step" | "waitForEvent";
  /** When the step ended: after a restart it has another output under the same name. */
  readonly end: number | null;
}

/** The full output of a step: as JSON, or how many bytes it is. */
export const outputQuery = ({ workflow, id, name, type, end }: OutputOf) =>
  queryOptions({
    queryKey: ["output", workflow, id, name, type, end],
    queryFn: async ({ signal }): Promise<StepOutput> => {
      const response = await fetch(stepUrl(workflow, id, name, type), { signal });
      if (response.headers.get("content-type") === "application/octet-stream") {
        await response.body?.cancel();
        return { kind: "stream", bytes: Number(response.headers.get("content-length")) };
      }
      return { kind: "value", value: (await resultOf<{ output: unknown }>(response)).output };
    },
    staleTime: Infinity,
  });

export type StepOutput =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "stream"; readonly bytes: number };

/** Where the output of a step is to be had. */
export function stepUrl(workflow: string, id: string, name: string, type: "step" | "waitForEvent"): string {
  const query = new URLSearchParams({ name, type });
  return `${instanceUrl(workflow, id)}/step?${query}`;
}

/** Where an instance is in Cloudflare's API. */
export function instanceUrl(workflow: string, id: string): string {
  return `/client/v4/accounts/${ACCOUNT}/workflows/${encodeURIComponent(workflow)}/instances/${encodeURIComponent(id)}`;
}
