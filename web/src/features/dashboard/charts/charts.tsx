// The four charts of the dashboard on one time axis. Loaded on its own, because of uPlot.
import { useMemo } from "react";
import type { Stats, Status } from "~/shared/api/types";
import { isUp } from "~/shared/lib/connection";
import { useNow } from "~/shared/lib/use-now";
import { useThemeName } from "~/shared/lib/use-theme-name";
import { ChartCard } from "./chart-card";
import { chartModels, knownGaps, REDRAW_MS } from "./models";

interface ChartsProps {
  stats: Stats;
  status: Status | undefined;
}

export function Charts({ stats, status }: ChartsProps) {
  const up = status ? isUp(status) : false;
  const since = up ? (status?.connectedSince ?? null) : null;
  const now = useNow(REDRAW_MS);
  const theme = useThemeName();
  const models = useMemo(() => chartModels(stats, up, now), [stats, up, now]);
  const gaps = useMemo(() => knownGaps(stats.gaps, since), [stats.gaps, since]);
  return models.map((model) => <ChartCard key={model.title} model={model} gaps={gaps} theme={theme} />);
}
