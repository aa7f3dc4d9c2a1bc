/** The search query of the palette. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { own, result } from "../api/client.ts";

export const searchQuery = (text: string) =>
  queryOptions({
    queryKey: ["search", text],
    queryFn: () => result(own.GET("/search", { params: { query: { q: text } } })),
    enabled: text !== "",
    placeholderData: keepPreviousData,
  });
