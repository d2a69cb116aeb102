// Queries that more than one feature reads. Live events write into these entries of the cache.
import { queryOptions } from "@tanstack/react-query";
import { visible } from "../lib/format";
import { api, unwrap } from "./client";
import type { Mapping, MappingList } from "./types";

export const statusQuery = queryOptions({
  queryKey: ["status"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/status", { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Names as they may stand among other text: what turns text around is made visible (R50). The form has them as they are. */
function withVisibleNames(list: MappingList): MappingList {
  return { ...list, mappings: list.mappings.map((mapping) => ({ ...mapping, name: visible(mapping.name) })) };
}

export const mappingsQuery = queryOptions({
  select: withVisibleNames,
  queryKey: ["mappings"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/mappings", { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});

export const mappingStatsQuery = queryOptions({
  queryKey: ["stats", "mappings"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/stats/mappings", { signal })),
});

export function withMapping(list: MappingList, mapping: Mapping): MappingList {
  const known = list.mappings.some((other) => other.id === mapping.id);
  const mappings = known
    ? list.mappings.map((other) => (other.id === mapping.id ? mapping : other))
    : [...list.mappings, mapping];
  return { ...list, mappings, total: known ? list.total : list.total + 1 };
}

export function withoutMapping(list: MappingList, id: string): MappingList {
  const mappings = list.mappings.filter((mapping) => mapping.id !== id);
  return { ...list, mappings, total: list.total - (list.mappings.length - mappings.length) };
}

/** The span of the charts and of the sums in the request log. */
export const HOUR_MINUTES = 60;

export const hourQuery = queryOptions({
  queryKey: ["stats", "series", HOUR_MINUTES],
  queryFn: ({ signal }) =>
    unwrap(api.GET("/api/v1/stats", { params: { query: { minutes: HOUR_MINUTES } }, signal })),
});
