/** Queries of schedules. */
import { queryOptions } from "@tanstack/react-query";
import { envelope, own } from "../api/client.ts";

const PAGE = 100;

export const schedulesQuery = (page: number) =>
  queryOptions({
    queryKey: ["schedules", page],
    queryFn: () => envelope(own.GET("/schedules", { params: { query: { page, per_page: PAGE } } })),
  });
