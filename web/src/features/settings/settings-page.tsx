// Settings: the tabs, and the one that is open.
import { Link, Outlet } from "@tanstack/react-router";
import { Page } from "~/shared/ui/page";

const TABS = [
  { to: "/settings/landing", label: "Landing page" },
  { to: "/settings/data", label: "Import, export, backup" },
  { to: "/settings/sessions", label: "Sessions" },
] as const;

export function SettingsPage() {
  return (
    <Page title="Settings">
      <nav aria-label="Settings" className="flex gap-5 overflow-x-auto border-b [scrollbar-width:none]">
        {TABS.map((tab) => (
          <Link
            key={tab.to}
            to={tab.to}
            className="-mb-px inline-flex h-[38px] items-center border-b-2 font-medium whitespace-nowrap no-underline!"
            activeProps={{ className: "border-accent-solid text-ink!" }}
            inactiveProps={{ className: "border-transparent text-muted! hover:text-ink!" }}
          >
            {tab.label}
          </Link>
        ))}
      </nav>
      <Outlet />
    </Page>
  );
}
