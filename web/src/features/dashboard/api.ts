// What the dashboard asks for, and how live points join what it has.
import { mutationOptions, queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "~/shared/api/client";
import { HOUR_MINUTES } from "~/shared/api/queries";
import type { Stats, StatsPoint } from "~/shared/api/types";

export const failuresQuery = queryOptions({
  queryKey: ["stats", "failures"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/stats/failures", { signal })),
});

/** Whether any request was ever logged; decides if the first run is over. */
export const anyRequestQuery = queryOptions({
  queryKey: ["requests", "any"],
  queryFn: async ({ signal }) => {
    const page = await unwrap(api.GET("/api/v1/request-logs", { params: { query: { limit: 1 } }, signal }));
    return page.requests.length > 0;
  },
});

export const reconnectMutation = mutationOptions({
  mutationFn: () => unwrap(api.POST("/api/v1/reconnect")),
});

/** The series with this minute's point put in its place; the window moves on with the time. */
export function withPoint(stats: Stats, point: StatsPoint): Stats {
  const stepMs = stats.stepSeconds * 1000;
  const at = minuteOf(point.at, stepMs);
  const first = minuteOf(stats.from, stepMs);
  const index = Math.round((at - first) / stepMs);
  if (index < 0) return stats;
  const points = [...stats.points];
  while (points.length <= index) points.push(null);
  points[index] = point;
  const surplus = Math.max(0, points.length - (HOUR_MINUTES + 1));
  const from = new Date(first + surplus * stepMs).toISOString();
  const to = surplus > 0 ? new Date(at).toISOString() : stats.to;
  const gaps = stats.gaps.filter((gap) => gap.to > from);
  return { ...stats, from, to, points: points.slice(surplus), gaps };
}

function minuteOf(at: string, stepMs: number): number {
  return Math.floor(new Date(at).getTime() / stepMs) * stepMs;
}
