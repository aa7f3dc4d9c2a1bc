/** Queries of error groups. */
import { queryOptions } from "@tanstack/react-query";
import { envelope, own, result } from "../api/client.ts";

export const errorsQuery = (workflow: string | undefined) =>
  queryOptions({
    queryKey: ["errors", workflow],
    queryFn: () =>
      envelope(own.GET("/errors", { params: { query: { per_page: 100, ...(workflow !== undefined && { workflow }) } } })),
    refetchInterval: 2_000,
  });

/** One error, in each workflow that has it. */
export const errorQuery = (fingerprint: string) =>
  queryOptions({
    queryKey: ["errors", "one", fingerprint],
    queryFn: () => result(own.GET("/errors/{fingerprint}", { params: { path: { fingerprint } } })),
    staleTime: 30_000,
  });
