// The sides a request can fail at, in words.
import type { FailureSide } from "../api/types";

export const SIDE_WORDS: Record<FailureSide, string> = {
  service: "Service",
  tunnel: "Tunnel",
  gateway: "Gateway",
  visitor: "Visitor",
};

/** The word of a side that the schema leaves open, such as one that a newer Agent knows. */
export function sideWord(side: string): string {
  return Object.entries(SIDE_WORDS).find(([name]) => name === side)?.[1] ?? side;
}
