// The side bar: pages, connection, theme, help, sign out. Between 781 and 1080 px it is a rail of icons.
import { useQuery } from "@tanstack/react-query";
import { Link, useRouterState } from "@tanstack/react-router";
import { Keyboard, LogOut, SunMoon } from "lucide-react";
import { mappingsQuery, statusQuery } from "~/shared/api/queries";
import { signOut } from "~/shared/api/session";
import { cn } from "~/shared/lib/cn";
import { count } from "~/shared/lib/format";
import { cycleTheme, usePreferences } from "~/shared/lib/preferences";
import { useMedia } from "~/shared/lib/use-media";
import { IconButton } from "~/shared/ui/icon-button";
import { Mark } from "~/shared/ui/mark";
import { useShell } from "~/shared/ui/shell-context";
import { Tooltip } from "~/shared/ui/tooltip";
import { ConnectionButton } from "./connection-button";
import { isCurrent, MAPPINGS, NAV_GROUPS, type NavItem } from "./nav-items";

const RAIL = "(min-width: 781px) and (max-width: 1080px)";
/** Hidden in the rail, still read out. */
const RAIL_HIDDEN = "max-lg:sr-only";

export function SideBar() {
  return (
    <aside
      aria-label="Side bar"
      className="sticky top-0 z-nav flex h-dvh flex-col border-r bg-page max-md:hidden"
    >
      <Link
        to="/"
        className="flex h-(--topbar-height) shrink-0 items-center gap-[9px] px-[18px] text-[15px] font-semibold tracking-tight text-ink! no-underline! max-lg:justify-center max-lg:px-0"
      >
        <Mark size={24} className="text-brand" />
        <span className={RAIL_HIDDEN}>Octoporty</span>
      </Link>
      <nav aria-label="Pages" className="min-h-0 flex-1 overflow-y-auto px-2.5 pt-1 pb-3">
        {NAV_GROUPS.map((group) => (
          <div key={group.title ?? "top"}>
            {group.title && (
              <p className="px-2 pt-4 pb-1.5 text-xs font-medium text-subtle max-lg:mx-0 max-lg:my-2 max-lg:h-0 max-lg:overflow-hidden max-lg:border-t max-lg:p-0">
                {group.title}
              </p>
            )}
            <ul>
              {group.items.map((item) => (
                <li key={item.to}>
                  <SideLink item={item} />
                </li>
              ))}
            </ul>
          </div>
        ))}
      </nav>
      <Foot />
    </aside>
  );
}

function SideLink({ item }: { item: NavItem }) {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const rail = useMedia(RAIL);
  const current = isCurrent(item, path);
  const Icon = item.icon;
  return (
    <Tooltip text={rail ? item.label : null} side="right">
      <Link
        to={item.to}
        aria-current={current ? "page" : undefined}
        className={cn(
          "relative mb-px flex h-8 items-center gap-2.5 rounded-sm px-2 font-medium no-underline! max-lg:h-[38px] max-lg:justify-center max-lg:px-0",
          current ? "bg-selected text-accent!" : "text-muted! hover:bg-hover hover:text-ink!",
        )}
      >
        <Icon size={16} strokeWidth={1.75} aria-hidden />
        <span className={RAIL_HIDDEN}>{item.label}</span>
        {item === MAPPINGS && <MappingCount />}
      </Link>
    </Tooltip>
  );
}

function MappingCount() {
  const total = useQuery(mappingsQuery).data?.total;
  if (!total) return null;
  return (
    <span className="nums ml-auto text-xs font-regular max-lg:hidden">
      <span className="sr-only">, </span>
      {count(total)}
    </span>
  );
}

function Foot() {
  const { theme } = usePreferences();
  const { openHelp } = useShell();
  const version = useQuery(statusQuery).data?.version;
  return (
    <div className="grid gap-0.5 border-t p-2.5">
      <ConnectionButton />
      <div className="flex items-center gap-0.5 px-0.5 max-lg:flex-col max-lg:px-0">
        <IconButton icon={SunMoon} label={`Theme: ${theme}. Change`} size="sm" onClick={cycleTheme} />
        <IconButton icon={Keyboard} label="Keyboard shortcuts" size="sm" onClick={openHelp} />
        <IconButton icon={LogOut} label="Sign out" size="sm" onClick={() => void signOut()} />
        {version && <span className="nums ml-auto pr-1.5 text-xs text-subtle max-lg:hidden">v{version}</span>}
      </div>
    </div>
  );
}
