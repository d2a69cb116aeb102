// The four charts of the dashboard on one time axis. Loaded on its own, because of uPlot.
import { useMemo } from "react";
import type { Stats } from "~/shared/api/types";
import { useNow } from "~/shared/lib/use-now";
import { useThemeName } from "~/shared/lib/use-theme-name";
import { ChartCard } from "./chart-card";
import { chartModels, REDRAW_MS } from "./models";

interface ChartsProps {
  stats: Stats;
  up: boolean;
}

export function Charts({ stats, up }: ChartsProps) {
  const now = useNow(REDRAW_MS);
  const theme = useThemeName();
  const models = useMemo(() => chartModels(stats, up, now), [stats, up, now]);
  return models.map((model) => <ChartCard key={model.title} model={model} gaps={stats.gaps} theme={theme} />);
}
