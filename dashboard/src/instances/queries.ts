/** Queries of the pages of instances, and bulk actions. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { ACCOUNT, envelope, own, result, v4 } from "../api/client.ts";
import { queryClient } from "../api/queries.ts";
import { toQuery, type InstanceFilter } from "./filter.ts";

const PAGE = 100;

/** How often those who watch an action ask how far it is, in milliseconds. */
const PACE_MS = 400;

export type Verb = "pause" | "resume" | "restart" | "terminate" | "delete";

/** A page may be empty and have a next one all the same: the server looks at so many instances at a time. */
export const instancesQuery = (workflow: string, filter: InstanceFilter) =>
  infiniteQueryOptions({
    queryKey: ["instances", workflow, filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) =>
      envelope(
        own.GET("/workflows/{workflow_name}/instances", {
          params: {
            path: { workflow_name: workflow },
            query: { per_page: PAGE, ...(cursor !== undefined && { cursor }), ...toQuery(filter) },
          },
        }),
      ),
    getNextPageParam: ({ result_info }) => result_info?.cursor,
  });

export const versionsQuery = (workflow: string) =>
  queryOptions({
    queryKey: ["versions", workflow],
    queryFn: () =>
      result(
        v4.GET("/accounts/{account_id}/workflows/{workflow_name}/versions", {
          params: { path: { account_id: ACCOUNT, workflow_name: workflow }, query: { per_page: PAGE } },
        }),
      ),
    staleTime: 30_000,
  });

/** Polled while an action runs. */
export const actionsQuery = (workflow: string) =>
  queryOptions({
    queryKey: ["actions", workflow],
    queryFn: () =>
      result(own.GET("/workflows/{workflow_name}/instances/actions", { params: { path: { workflow_name: workflow } } })),
    refetchInterval: ({ state }) => (state.data?.some((action) => action.state === "running") ? PACE_MS : false),
  });

/** How many instances match. */
export const countQuery = (workflow: string, filter: InstanceFilter, verb: Verb) =>
  queryOptions({
    queryKey: ["count", workflow, filter],
    queryFn: async () => (await ask(workflow, filter, verb, true)).total,
    staleTime: 0,
    gcTime: 0,
  });

/** Ids of the actions that were started in this browser and not dismissed. */
export const begunQuery = (workflow: string) =>
  queryOptions({
    queryKey: ["begun", workflow],
    queryFn: (): readonly string[] => [],
    initialData: [] as readonly string[],
    staleTime: Infinity,
    gcTime: Infinity,
  });

/** Starts a bulk action on all matching instances. */
export async function act(workflow: string, filter: InstanceFilter, verb: Verb): Promise<void> {
  const { action } = await ask(workflow, filter, verb, false);
  if (action !== null) queryClient.setQueryData(begunQuery(workflow).queryKey, (before = []) => [...before, action.id]);
  await queryClient.invalidateQueries({ queryKey: ["actions", workflow] });
}

export function dismissAction(workflow: string, id: string): void {
  queryClient.setQueryData(begunQuery(workflow).queryKey, (before = []) => before.filter((each) => each !== id));
}

export async function stopAction(workflow: string, id: string): Promise<void> {
  const path = { workflow_name: workflow, action_id: id };
  await result(own.DELETE("/workflows/{workflow_name}/instances/actions/{action_id}", { params: { path } }));
  await queryClient.invalidateQueries({ queryKey: ["actions", workflow] });
}

function ask(workflow: string, filter: InstanceFilter, action: Verb, dryRun: boolean) {
  return result(
    own.POST("/workflows/{workflow_name}/instances/actions", {
      params: { path: { workflow_name: workflow } },
      body: { action, filter: toQuery(filter), dry_run: dryRun },
    }),
  );
}
