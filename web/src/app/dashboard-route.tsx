// Puts the form of the first mapping into the dashboard: two features that do not know each other.
import { lazy, Suspense } from "react";
import { DashboardPage } from "~/features/dashboard/dashboard-page";

const FirstMapping = lazy(() =>
  import("~/features/mappings/form/first-mapping").then((module) => ({ default: module.FirstMapping })),
);
const DnsNote = lazy(() =>
  import("~/features/mappings/form/domain-note").then((module) => ({ default: module.DnsNote })),
);

export function DashboardRoute() {
  return (
    <DashboardPage
      firstMapping={
        <Suspense>
          <FirstMapping />
        </Suspense>
      }
      domainNote={(domain) => (
        <Suspense>
          <DnsNote domain={domain} saved />
        </Suspense>
      )}
    />
  );
}
