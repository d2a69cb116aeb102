// The dashboard: is it fine, and if not, whose fault? Path strip first, then an hour in four charts, then who is busy and what failed.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { GitCompareArrows, Plus } from "lucide-react";
import { lazy, type ReactNode, Suspense } from "react";
import { hourQuery, mappingStatsQuery, mappingsQuery, statusQuery } from "~/shared/api/queries";
import { isUp } from "~/shared/lib/connection";
import { buttonStyle } from "~/shared/ui/button";
import { Card } from "~/shared/ui/card";
import { CannotLoad } from "~/shared/ui/empty";
import { Page } from "~/shared/ui/page";
import { anyRequestQuery } from "./api";
import { Busiest } from "./busiest";
import { ChartSkeletons } from "./dashboard-skeleton";
import { Failures } from "./failures";
import { FirstRun } from "./first-run";
import { LiveStrip } from "./live-strip";

const Charts = lazy(() => import("./charts/charts").then((module) => ({ default: module.Charts })));

interface DashboardPageProps {
  /** The form of the first mapping; it belongs to the mappings and is handed in by the app. */
  firstMapping: ReactNode;
  /** What is known about the public name of the first mapping. */
  domainNote: (domain: string) => ReactNode;
}

export function DashboardPage({ firstMapping, domainNote }: DashboardPageProps) {
  const firstRun = useFirstRun();
  return (
    <Page title="Dashboard" actions={<Actions firstRun={firstRun} />}>
      <Card aria-label="Live state">
        <LiveStrip />
      </Card>
      {firstRun ? <FirstRun form={firstMapping} domainNote={domainNote} /> : <Traffic />}
    </Page>
  );
}

/** True until the first request was answered: then the page is the ordinary one, for good. */
function useFirstRun(): boolean {
  const list = useQuery(mappingsQuery).data;
  const today = useQuery(mappingStatsQuery).data;
  const quiet = today?.mappings.every((row) => row.requests === 0) ?? false;
  const any = useQuery({ ...anyRequestQuery, enabled: list !== undefined && list.total > 0 && quiet }).data;
  if (!list) return false;
  return list.total === 0 || (quiet && any === false);
}

/** In the first run the form's own button is the one to press. */
function Actions({ firstRun }: { firstRun: boolean }) {
  return (
    <>
      {!firstRun && (
        <Link to="/inspector" className={`${buttonStyle({})} max-md:hidden`}>
          <GitCompareArrows size={16} strokeWidth={1.75} aria-hidden />
          Inspect a URL
        </Link>
      )}
      <Link
        to="/mappings/new"
        className={`${buttonStyle({ variant: firstRun ? "secondary" : "primary" })} max-md:w-(--control-md) max-md:px-0`}
      >
        <Plus size={16} strokeWidth={1.75} aria-hidden />
        <span className="max-md:sr-only">New mapping</span>
      </Link>
    </>
  );
}

function Traffic() {
  const stats = useQuery(hourQuery);
  const status = useQuery(statusQuery).data;
  return (
    <>
      <div className="grid grid-cols-2 gap-4 max-md:grid-cols-1 max-md:gap-3">
        {stats.data ? (
          <Suspense fallback={<ChartSkeletons />}>
            <Charts stats={stats.data} up={status ? isUp(status) : false} />
          </Suspense>
        ) : stats.isError ? (
          <Card className="col-span-full p-4">
            <CannotLoad
              title="The statistics cannot be read"
              error={stats.error}
              onRetry={() => void stats.refetch()}
            />
          </Card>
        ) : (
          <ChartSkeletons />
        )}
      </div>
      <div className="grid grid-cols-[minmax(0,7fr)_minmax(0,5fr)] items-start gap-4 max-lg:grid-cols-1 max-md:gap-3">
        <Busiest />
        <Failures />
      </div>
    </>
  );
}
