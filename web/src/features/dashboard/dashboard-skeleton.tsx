// The dashboard's shape while it is loaded; nothing moves when the content comes.
import { Skeleton } from "~/shared/ui/skeleton";

export function ChartSkeletons() {
  return ["Requests", "Failed requests", "Latency", "Data"].map((title) => (
    <div key={title} className="h-[212px] rounded-lg border bg-surface px-4 pt-3.5 shadow-xs">
      <h2 className="text-xs font-medium text-muted">{title}</h2>
      <Skeleton className="mt-2 h-5 w-24" />
      <Skeleton className="mt-4 h-[116px]" />
    </div>
  ));
}

export function DashboardSkeleton() {
  return (
    <main className="mx-auto grid w-full max-w-(--content-max) gap-4 px-gutter pt-[76px]" aria-busy>
      <p role="status" className="sr-only">
        Loading the dashboard
      </p>
      <div className="h-[134px] rounded-lg border bg-surface p-5 shadow-xs">
        <Skeleton className="h-10" />
      </div>
      <div className="grid grid-cols-2 gap-4 max-md:grid-cols-1">
        <ChartSkeletons />
      </div>
    </main>
  );
}
