/** Queries of the list of workflows. */
import { queryOptions } from "@tanstack/react-query";
import { envelope, own } from "../api/client.ts";

/** A workflow, what its instances are at, and what the last day was like. */
export type Overview = Awaited<ReturnType<typeof read>>["result"][number];

export const workflowsQuery = (search: string) =>
  queryOptions({ queryKey: ["workflows", search], queryFn: () => read(search), refetchInterval: 2_000 });

function read(search: string) {
  return envelope(own.GET("/workflows", { params: { query: { per_page: 100, ...(search !== "" && { search }) } } }));
}
