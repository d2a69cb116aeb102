// What the address of the request log holds: its filters, and the request whose detail is open.
import { oneOf, text } from "~/shared/lib/search";

export const SIDES = ["service", "tunnel", "gateway", "visitor"] as const;
export const SPANS = ["hour", "day", "all"] as const;

export interface RequestFilters {
  mapping?: string;
  method?: string;
  status?: string;
  side?: (typeof SIDES)[number];
  q?: string;
  from?: string;
  to?: string;
}

export interface RequestsSearch extends RequestFilters {
  id?: string;
}

export function parseRequestsSearch(search: Record<string, unknown>): RequestsSearch {
  return {
    mapping: text(search.mapping),
    method: text(search.method),
    status: text(search.status),
    side: oneOf(search.side, SIDES),
    q: text(search.q),
    from: text(search.from),
    to: text(search.to),
    id: text(search.id),
  };
}
