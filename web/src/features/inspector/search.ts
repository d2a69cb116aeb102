// What the address of the inspector holds.
import { text } from "~/shared/lib/search";

export interface InspectorSearch {
  url?: string;
}

export function parseInspectorSearch(search: Record<string, unknown>): InspectorSearch {
  return { url: text(search.url) };
}
