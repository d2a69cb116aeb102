// The sides a request can fail at, in words.
import type { FailureSide } from "../api/types";

export const SIDE_WORDS: Record<FailureSide, string> = {
  service: "Service",
  tunnel: "Tunnel",
  gateway: "Gateway",
  visitor: "Visitor",
};
