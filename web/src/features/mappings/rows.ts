// Which mappings are shown, and in which order.
import type { Mapping, MappingStats } from "~/shared/api/types";
import type { MappingSort, MappingsSearch } from "./search";

export interface Row {
  mapping: Mapping;
  /** Sums since midnight; undefined while nothing is known. */
  today: MappingStats | undefined;
}

function matches(mapping: Mapping, words: readonly string[]): boolean {
  const text =
    `${mapping.name} ${mapping.externalDomain} ${mapping.internalHost}:${mapping.internalPort}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

const collator = new Intl.Collator(undefined, { numeric: true });

const ORDERS: Record<MappingSort, (a: Row, b: Row) => number> = {
  requests: (a, b) =>
    (b.today?.requests ?? 0) - (a.today?.requests ?? 0) ||
    Number(b.mapping.enabled) - Number(a.mapping.enabled),
  name: (a, b) => collator.compare(a.mapping.name, b.mapping.name),
  domain: (a, b) => collator.compare(a.mapping.externalDomain, b.mapping.externalDomain),
  created: (a, b) => b.mapping.createdAt.localeCompare(a.mapping.createdAt),
};

export function visibleRows(
  mappings: readonly Mapping[],
  stats: readonly MappingStats[],
  search: MappingsSearch,
): Row[] {
  const words = (search.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const today = new Map(stats.map((row) => [row.mappingId, row]));
  return mappings
    .filter((mapping) => search.state === undefined || mapping.enabled === (search.state === "on"))
    .filter((mapping) => matches(mapping, words))
    .map((mapping) => ({ mapping, today: today.get(mapping.id) }))
    .sort(ORDERS[search.sort ?? "requests"]);
}
