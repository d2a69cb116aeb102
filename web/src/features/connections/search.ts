// What the address of the connection log holds.
import { oneOf } from "~/shared/lib/search";

export interface ConnectionsSearch {
  show?: "ended" | "refused";
}

export function parseConnectionsSearch(search: Record<string, unknown>): ConnectionsSearch {
  return { show: oneOf(search.show, ["ended", "refused"]) };
}
