// What the address of the mappings page holds: search, filter, order and view.
import { oneOf, text } from "~/shared/lib/search";

export const STATES = ["on", "off"] as const;
export const SORTS = ["requests", "name", "domain", "created"] as const;

export type MappingSort = (typeof SORTS)[number];

export interface MappingsSearch {
  q?: string;
  state?: (typeof STATES)[number];
  view?: "cards";
  sort?: Exclude<MappingSort, "requests">;
}

export function parseMappingsSearch(search: Record<string, unknown>): MappingsSearch {
  return {
    q: text(search.q),
    state: oneOf(search.state, STATES),
    view: oneOf(search.view, ["cards"]),
    sort: oneOf(search.sort, ["name", "domain", "created"]),
  };
}

export interface FormSearch {
  /** The mapping that a new one starts as a copy of. */
  from?: string;
  domain?: string;
  service?: string;
}

export function parseFormSearch(search: Record<string, unknown>): FormSearch {
  return { from: text(search.from), domain: text(search.domain), service: text(search.service) };
}
