// The filters of the request log: what is asked of the API, and which live requests fit.
import type { RequestEntry } from "~/shared/api/types";
import type { RequestFilters } from "./search";

/** Spans that move with the time, as they stand in the address. */
const SPANS: Record<string, number> = { "15m": 15 * 60_000, "1h": 3_600_000, "24h": 86_400_000 };

export const SPAN_CHOICES = [
  { value: "15m", label: "Last 15 minutes" },
  { value: "1h", label: "Last hour" },
  { value: "24h", label: "Last 24 hours" },
];

export const METHOD_CHOICES = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].map((value) => ({
  value,
  label: value,
}));

/** What the service answered. "none" are those that it did not answer: they failed, and the Gateway told the visitor so. */
export const STATUS_CHOICES = [
  { value: "2xx", label: "2xx, fine" },
  { value: "3xx", label: "3xx, elsewhere" },
  { value: "4xx", label: "4xx, refused" },
  { value: "404", label: "404, not found" },
  { value: "5xx", label: "5xx, error of the service" },
  { value: "none", label: "No answer, failed" },
];

/** The start of the span as a time; a moving span is reckoned from now. */
export function startOf(from: string | undefined, now = Date.now()): string | undefined {
  const span = from === undefined ? undefined : SPANS[from];
  return span === undefined ? from : new Date(now - span).toISOString();
}

export function filtersOf(search: RequestFilters): RequestFilters {
  const { mapping, method, status, side, q, from, to } = search;
  return { mapping, method, status, side, q, from, to };
}

export function isFiltered(filters: RequestFilters): boolean {
  return Object.values(filters).some((value) => value !== undefined);
}

/** Whether a request that has just happened belongs into the list. */
export function fits(request: RequestEntry, filters: RequestFilters): boolean {
  const { mapping, method, status, side, q, to } = filters;
  if (to !== undefined) return false;
  if (mapping !== undefined && request.mappingId !== mapping) return false;
  if (method !== undefined && request.method !== method) return false;
  if (side !== undefined && request.failure?.side !== side) return false;
  if (status !== undefined && !fitsStatus(request.status, status)) return false;
  if (q === undefined) return true;
  const text = `${request.host}${request.path}?${request.query ?? ""} ${request.visitor} ${request.id}`;
  return text.toLowerCase().includes(q.toLowerCase());
}

function fitsStatus(code: number | null | undefined, wanted: string): boolean {
  if (code == null) return wanted === "none";
  return wanted.endsWith("xx") ? String(code).startsWith(wanted.charAt(0)) : String(code) === wanted;
}
