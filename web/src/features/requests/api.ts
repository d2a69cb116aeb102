// Pages of the request log, and one request with its headers.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "~/shared/api/client";
import { startOf } from "./filters";
import type { RequestFilters } from "./search";

const PAGE_ROWS = 200;
/** No cursor: the newest page. */
const FIRST_PAGE = "";

export const requestsQuery = (filters: RequestFilters) =>
  infiniteQueryOptions({
    queryKey: ["requests", "list", filters],
    queryFn: ({ pageParam, signal }) => {
      const query = {
        ...filters,
        from: startOf(filters.from),
        cursor: pageParam || undefined,
        limit: PAGE_ROWS,
      };
      return unwrap(api.GET("/api/v1/request-logs", { params: { query }, signal }));
    },
    initialPageParam: FIRST_PAGE,
    getNextPageParam: (page) => page.nextCursor,
    // Each visit starts with what is newest.
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const requestQuery = (id: string) =>
  queryOptions({
    queryKey: ["requests", "detail", id],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/request-logs/{id}", { params: { path: { id } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
