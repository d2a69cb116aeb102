// The connection log, and the tunnel's week.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "~/shared/api/client";

const PAGE_ROWS = 100;
/** No cursor: the newest page. */
const FIRST_PAGE = "";
export const HISTORY_DAYS = 7;

export const connectionsQuery = infiniteQueryOptions({
  queryKey: ["connections"],
  queryFn: ({ pageParam, signal }) =>
    unwrap(
      api.GET("/api/v1/connection-logs", {
        params: { query: { cursor: pageParam || undefined, limit: PAGE_ROWS } },
        signal,
      }),
    ),
  initialPageParam: FIRST_PAGE,
  getNextPageParam: (page) => page.nextCursor,
});

export const historyQuery = queryOptions({
  queryKey: ["status-history"],
  queryFn: ({ signal }) =>
    unwrap(api.GET("/api/v1/status/history", { params: { query: { days: HISTORY_DAYS } }, signal })),
});
