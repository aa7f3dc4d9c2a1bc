/** The errors that instances have ended with, in groups. */
import { queryOptions } from "@tanstack/react-query";
import { envelope, own } from "../api/client.ts";

export const errorsQuery = (workflow: string | undefined) =>
  queryOptions({
    queryKey: ["errors", workflow],
    queryFn: () =>
      envelope(own.GET("/errors", { params: { query: { per_page: 100, ...(workflow !== undefined && { workflow }) } } })),
    refetchInterval: 2_000,
  });
