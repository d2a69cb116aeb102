// Turns statistics into what the four charts draw. Missing minutes are null: never zero, never joined.
import type { Stats, StatsPoint } from "~/shared/api/types";
import { byteParts, count, decimal, milliseconds, NONE } from "~/shared/lib/format";

export interface Series {
  name: string;
  /** A chart token without its dashes, such as "chart-1". */
  color: string;
  values: Array<number | null>;
  fill?: boolean;
  /** Drawn below zero, because it flows the other way. */
  down?: boolean;
}

export interface ChartModel {
  title: string;
  /** The current value and its unit. */
  value: string;
  unit: string;
  /** Times of the points, in seconds. */
  times: number[];
  series: Series[];
  format: (value: number) => string;
  axis: (value: number) => string;
  /** One sentence for those who do not see the chart. */
  summary: string;
  /** Said in the plot when there is nothing to draw. */
  nothing: string | null;
}

/** A minute with less tunnel than this says nothing about traffic. */
const TUNNEL_UP_AT_LEAST = 0.5;
/** Seconds of the running minute before its rates mean anything. */
const PARTIAL_AT_LEAST_S = 10;
/** How many minutes back the current value may come from. */
const CURRENT_WITHIN = 5;

interface Minute {
  point: StatsPoint;
  seconds: number;
}

function minutes(stats: Stats, now: number): Array<Minute | null> {
  return stats.points.map((point) => {
    if (!point || (point.tunnelUp ?? 1) < TUNNEL_UP_AT_LEAST) return null;
    const age = (now - new Date(point.at).getTime()) / 1000;
    if (age < PARTIAL_AT_LEAST_S) return null;
    return { point, seconds: Math.min(age, stats.stepSeconds) };
  });
}

function current(values: ReadonlyArray<number | null>): number | null {
  return values.slice(-CURRENT_WITHIN).findLast((value) => value !== null) ?? null;
}

function extent(values: ReadonlyArray<number | null>): [number, number] {
  const known = values.filter((value) => value !== null);
  return known.length ? [Math.min(...known), Math.max(...known)] : [0, 0];
}

/** The running minute's rates settle with the time that passed; every five seconds is enough. */
export const REDRAW_MS = 5000;

/** What the charts show; the same for all that ask within one step of the redrawing, so that no two places differ. */
export function chartModels(stats: Stats, up: boolean, at: number): ChartModel[] {
  const now = Math.floor(at / REDRAW_MS) * REDRAW_MS;
  const start = new Date(stats.from).getTime() / 1000;
  const times = stats.points.map((_, index) => start + index * stats.stepSeconds);
  const all = minutes(stats, now);
  const idle = all.every((minute) => minute === null || minute.point.requests === 0);
  const nothing = idle ? "No requests in the last hour" : null;
  const each = (value: (minute: Minute) => number | null) =>
    all.map((minute) => (minute ? value(minute) : null));
  return [
    requests(times, each, up, nothing),
    failures(times, each, up, nothing),
    latency(times, each, up, nothing),
    data(times, each, up, nothing),
  ];
}

type Each = (value: (minute: Minute) => number | null) => Array<number | null>;

function requests(times: number[], each: Each, up: boolean, nothing: string | null): ChartModel {
  const values = each(({ point, seconds }) => point.requests / seconds);
  const now = up ? current(values) : null;
  const [low, high] = extent(values);
  return {
    title: "Requests",
    value: decimal(now),
    unit: "per second",
    times,
    series: [{ name: "All mappings", color: "chart-1", values, fill: true }],
    format: (value) => `${decimal(value)} per second`,
    axis: decimal,
    summary: `Requests per second over the last hour, now ${decimal(now)}, between ${decimal(low)} and ${decimal(high)}.`,
    nothing,
  };
}

function failures(times: number[], each: Each, up: boolean, nothing: string | null): ChartModel {
  const part = (side: "service" | "tunnel" | "gateway") =>
    each(({ point }) => (point.requests > 0 ? (point.failures[side] / point.requests) * 100 : null));
  const series: Series[] = [
    { name: "Service", color: "chart-2", values: part("service"), fill: true },
    { name: "Tunnel", color: "chart-3", values: part("tunnel") },
  ];
  const gateway = part("gateway");
  if (gateway.some((value) => value)) series.push({ name: "Gateway", color: "chart-4", values: gateway });
  const total = each(({ point }) =>
    point.requests > 0
      ? ((point.failures.service + point.failures.tunnel + point.failures.gateway) / point.requests) * 100
      : null,
  );
  const now = up ? current(total) : null;
  return {
    title: "Failed requests",
    value: decimal(now),
    unit: now === null ? "" : "%",
    times,
    series,
    format: (value) => `${decimal(value)} %`,
    axis: decimal,
    summary: `Share of failed requests over the last hour, now ${decimal(now)} per cent, at most ${decimal(extent(total)[1])} per cent.`,
    nothing: nothing && `${nothing}, so none failed`,
  };
}

function latency(times: number[], each: Each, up: boolean, nothing: string | null): ChartModel {
  const median = each(({ point }) => point.p50Ms ?? null);
  const now = up ? current(median) : null;
  return {
    title: "Latency",
    value: now === null ? NONE : count(now),
    unit: "ms median",
    times,
    series: [
      { name: "p50", color: "chart-1", values: median, fill: true },
      { name: "p95", color: "chart-2", values: each(({ point }) => point.p95Ms ?? null) },
      { name: "p99", color: "chart-3", values: each(({ point }) => point.p99Ms ?? null) },
    ],
    format: milliseconds,
    axis: count,
    summary: `Median latency over the last hour, now ${milliseconds(now)}, at most ${milliseconds(extent(median)[1])}.`,
    nothing,
  };
}

function data(times: number[], each: Each, up: boolean, nothing: string | null): ChartModel {
  const toVisitors = each(({ point, seconds }) => point.bytesToVisitors / seconds);
  const fromVisitors = each(({ point, seconds }) => point.bytesFromVisitors / seconds);
  const sum = each(({ point, seconds }) => (point.bytesToVisitors + point.bytesFromVisitors) / seconds);
  const now = up ? current(sum) : null;
  const [value, unit] = now === null ? [NONE, ""] : byteParts(now);
  const peak = Math.max(extent(toVisitors)[1], extent(fromVisitors)[1]);
  const scale = 1000 ** Math.max(0, Math.floor(Math.log10(Math.max(peak, 1)) / 3));
  const format = (bytes: number) => `${byteParts(Math.abs(bytes)).join(" ")}/s`;
  return {
    title: "Data",
    value,
    unit: unit && `${unit}/s`,
    times,
    series: [
      { name: "To visitors", color: "chart-1", values: toVisitors, fill: true },
      { name: "From visitors", color: "chart-4", values: fromVisitors, fill: true, down: true },
    ],
    format,
    axis: (bytes) => decimal(Math.abs(bytes) / scale),
    summary: `Data per second over the last hour, now ${now === null ? NONE : format(now)}, at most ${format(extent(sum)[1])}.`,
    nothing,
  };
}
