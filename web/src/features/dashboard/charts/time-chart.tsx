// One uPlot chart: reads colours from the tokens, shares its cursor with the other charts, and draws gaps as gaps.
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Stats } from "~/shared/api/types";
import { clockMinutes, duration, withoutStop } from "~/shared/lib/format";
import type { ChartModel, Series } from "./models";
import { niceScale, type Scale, splits } from "./scale";

/** Height of the whole canvas, axis included, in CSS pixels. */
const HEIGHT = 132;
/** The range is not made smaller more often than this, in milliseconds, so that the chart does not jump. */
const SHRINK_EVERY_MS = 30_000;

export interface Hover {
  index: number;
  left: number;
  width: number;
}

interface TimeChartProps {
  model: ChartModel;
  gaps: Stats["gaps"];
  /** Whether the bands say why; once a page is enough. */
  labelled: boolean;
  /** Changes when the colours do. */
  theme: string;
  onHover: (hover: Hover | null) => void;
}

export function TimeChart({ model, gaps, labelled, theme, onHover }: TimeChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef({ model, gaps, labelled, onHover });
  useEffect(() => {
    latest.current = { model, gaps, labelled, onHover };
  });
  const names = model.series.map((series) => series.name).join();

  // biome-ignore lint/correctness/useExhaustiveDependencies: a chart is made anew only for new colours or other series
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const range = steadyRange();
    const made = new uPlot(
      options(element.clientWidth, () => latest.current, range),
      points(latest.current.model),
      element,
    );
    chart.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [theme, names]);

  useEffect(() => {
    chart.current?.setData(points(model));
  }, [model]);

  const move = (by: number) => {
    const made = chart.current;
    if (!made) return;
    const last = model.times.length - 1;
    const index = Math.min(last, Math.max(0, (made.cursor.idx ?? last + 1) + by));
    made.setCursor({ left: made.valToPos(model.times[index] ?? 0, "x"), top: 10 }, true);
  };

  return (
    <div
      ref={box}
      role="img"
      aria-label={model.summary}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the cursor
      tabIndex={0}
      className="h-[132px] w-full"
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft") move(-1);
        else if (event.key === "ArrowRight") move(1);
        else return;
        event.preventDefault();
      }}
    />
  );
}

function points(model: ChartModel): uPlot.AlignedData {
  const signed = (series: Series) =>
    series.down ? series.values.map((value) => (value === null ? null : -value)) : series.values;
  return [model.times, ...model.series.map(signed)];
}

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** The same colour with an opacity; the tokens are written as `oklch(…)`. */
function faded(color: string, opacity: string): string {
  return color.replace(/\)$/, ` / ${opacity})`);
}

interface Steady {
  scale: Scale;
  bottom: number;
}

function steadyRange(): (model: ChartModel) => Steady {
  let held: Steady | null = null;
  let since = 0;
  return (model) => {
    const most = (down: boolean) =>
      Math.max(
        0,
        ...model.series
          .filter((series) => !!series.down === down)
          .flatMap((series) => series.values.map((value) => value ?? 0)),
      );
    const up = most(false);
    const down = most(true);
    const scale = niceScale(Math.max(up, down));
    const wanted: Steady = { scale, bottom: down > 0 ? Math.ceil(down / scale.step) * scale.step : 0 };
    const fits = held && wanted.scale.top <= held.scale.top && wanted.bottom <= held.bottom;
    if (held && fits && performance.now() - since < SHRINK_EVERY_MS) return held;
    if (!held || wanted.scale.top !== held.scale.top || wanted.bottom !== held.bottom)
      since = performance.now();
    held = wanted;
    return held;
  };
}

interface Latest {
  model: ChartModel;
  gaps: Stats["gaps"];
  labelled: boolean;
  onHover: (hover: Hover | null) => void;
}

function options(width: number, latest: () => Latest, range: (model: ChartModel) => Steady): uPlot.Options {
  const font = `11px ${token("font-sans")}`;
  const axis = { stroke: token("text-subtle"), font, ticks: { show: false }, border: { show: false } };
  const opacity = token("chart-fill-opacity");
  return {
    width,
    height: HEIGHT,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      sync: { key: "dashboard", setSeries: false },
      points: { size: 7 },
    },
    scales: {
      x: { time: true },
      y: {
        range: () => {
          const { scale, bottom } = range(latest().model);
          return [-bottom, scale.top];
        },
      },
    },
    axes: [
      {
        ...axis,
        size: 22,
        gap: 6,
        grid: { show: false },
        splits: fiveTimes,
        values: (_, times) => times.map((time) => clockMinutes(time * 1000)),
      },
      {
        ...axis,
        size: 40,
        gap: 8,
        grid: { stroke: token("chart-grid"), width: 1 },
        splits: () => {
          const { scale, bottom } = range(latest().model);
          return splits(scale, bottom);
        },
        values: (_, values) => values.map((value) => latest().model.axis(value)),
      },
    ],
    series: [
      {},
      ...latest().model.series.map((series): uPlot.Series => {
        const stroke = token(series.color);
        return {
          label: series.name,
          stroke,
          width: 1.6,
          fill: series.fill ? faded(stroke, opacity) : undefined,
          spanGaps: false,
          points: { show: true, size: 4, filter: lonely, fill: stroke },
        };
      }),
    ],
    hooks: {
      draw: [(chart) => drawGaps(chart, latest())],
      setCursor: [
        (chart) => {
          const { idx, left } = chart.cursor;
          const inside = idx != null && left != null && left >= 0;
          latest().onHover(
            inside
              ? { index: idx, left: left + chart.bbox.left / devicePixelRatio, width: chart.width }
              : null,
          );
        },
      ],
    },
  };
}

/** Points without a neighbour would be invisible as a line. */
function lonely(chart: uPlot, series: number): number[] | null {
  const values = chart.data[series] ?? [];
  const found: number[] = [];
  for (let index = 0; index < values.length; index += 1) {
    if (values[index] != null && values[index - 1] == null && values[index + 1] == null) found.push(index);
  }
  return found;
}

function fiveTimes(_chart: uPlot, _axis: number, from: number, to: number): number[] {
  return Array.from({ length: 5 }, (_, index) => from + ((to - from) * index) / 4);
}

/** Narrowest band that can still be seen, in CSS pixels. */
const BAND_MIN = 10;

function drawGaps(chart: uPlot, { gaps, labelled }: Latest): void {
  const { ctx, bbox } = chart;
  const ratio = devicePixelRatio;
  const { min, max } = chart.scales.x ?? {};
  if (min == null || max == null) return;
  ctx.save();
  const labels: Label[] = [];
  for (const gap of gaps) {
    const from = Math.max(min, new Date(gap.from).getTime() / 1000);
    const to = Math.min(max, new Date(gap.to).getTime() / 1000);
    if (to <= min || from >= max) continue;
    let left = chart.valToPos(from, "x", true);
    let wide = chart.valToPos(to, "x", true) - left;
    if (wide < BAND_MIN * ratio) {
      left -= (BAND_MIN * ratio - wide) / 2;
      wide = BAND_MIN * ratio;
    }
    left = Math.min(Math.max(left, bbox.left), bbox.left + bbox.width - wide);
    ctx.fillStyle = token("surface");
    ctx.fillRect(left, bbox.top - 2, wide, bbox.height + 4);
    hatch(ctx, left, bbox.top, wide, bbox.height, ratio);
    if (labelled)
      labels.push({
        text: `${withoutStop(gap.reason)}, ${duration(seconds(gap))}`,
        seconds: seconds(gap),
        middle: left + wide / 2,
      });
  }
  drawLabels(chart, labels, ratio);
  ctx.restore();
}

function hatch(
  ctx: CanvasRenderingContext2D,
  left: number,
  top: number,
  width: number,
  height: number,
  ratio: number,
): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.strokeStyle = token("border-strong");
  ctx.lineWidth = ratio;
  ctx.beginPath();
  for (let y = top - width; y < top + height + width; y += 5 * ratio) {
    ctx.moveTo(left, y + width * 0.5);
    ctx.lineTo(left + width, y);
  }
  ctx.stroke();
  ctx.restore();
}

interface Label {
  text: string;
  seconds: number;
  /** Where its gap is, in device pixels. */
  middle: number;
}

function seconds(gap: Stats["gaps"][number]): number {
  return (new Date(gap.to).getTime() - new Date(gap.from).getTime()) / 1000;
}

/** The longest gaps are named first; a name that would cover another is left out. */
function drawLabels({ ctx, bbox }: uPlot, labels: readonly Label[], ratio: number): void {
  const taken: Array<{ from: number; to: number }> = [];
  ctx.font = `${11 * ratio}px ${token("font-sans")}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  for (const { text, middle } of labels.toSorted((a, b) => b.seconds - a.seconds)) {
    const half = ctx.measureText(text).width / 2 + 4 * ratio;
    const at = Math.min(Math.max(middle, bbox.left + half), bbox.left + bbox.width - half);
    const place = { from: at - half, to: at + half };
    if (half * 2 > bbox.width || taken.some((other) => place.from < other.to && other.from < place.to))
      continue;
    taken.push(place);
    ctx.fillStyle = token("surface");
    ctx.fillRect(place.from, bbox.top - 2 * ratio, half * 2, 15 * ratio);
    ctx.fillStyle = token("text-subtle");
    ctx.fillText(text, at, bbox.top);
  }
}
