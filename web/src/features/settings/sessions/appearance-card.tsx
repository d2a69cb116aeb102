// How the dashboard looks in this browser.
import type { ReactNode } from "react";
import { setPreference, usePreferences } from "~/shared/lib/preferences";
import { Card, CardBody, CardHead } from "~/shared/ui/card";
import { Segmented } from "~/shared/ui/segmented";

/** "Berlin" of "Europe/Berlin". */
function zoneName(): string {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone.split("/").at(-1)?.replaceAll("_", " ") ?? zone;
}

export function AppearanceCard() {
  const { theme, timeZone, density } = usePreferences();
  return (
    <Card>
      <CardHead title="Appearance" note="kept in this browser" />
      <CardBody className="grid grid-cols-3 gap-4 max-md:grid-cols-1">
        <Choice label="Theme">
          <Segmented
            label="Theme"
            full
            value={theme}
            choices={[
              { value: "light", label: "Light" },
              { value: "dark", label: "Dark" },
              { value: "system", label: "System" },
            ]}
            onChange={(value) => setPreference("theme", value)}
          />
        </Choice>
        <Choice label="Times in">
          <Segmented
            label="Times in"
            full
            value={timeZone}
            choices={[
              { value: "local", label: `Local, ${zoneName()}` },
              { value: "utc", label: "UTC" },
            ]}
            onChange={(value) => setPreference("timeZone", value)}
          />
        </Choice>
        <Choice label="Rows">
          <Segmented
            label="Rows"
            full
            value={density}
            choices={[
              { value: "regular", label: "Regular" },
              { value: "dense", label: "Dense" },
            ]}
            onChange={(value) => setPreference("density", value)}
          />
        </Choice>
      </CardBody>
    </Card>
  );
}

function Choice({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid gap-1.5">
      <span className="font-medium" aria-hidden>
        {label}
      </span>
      {children}
    </div>
  );
}
