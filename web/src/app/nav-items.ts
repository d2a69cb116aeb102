// The pages of the dashboard, in the order of the side bar.
import {
  Braces,
  Cable,
  GitCompareArrows,
  LayoutDashboard,
  List,
  type LucideIcon,
  Route,
  ScrollText,
  Server,
  Settings,
  Terminal,
} from "lucide-react";

export interface NavItem {
  to:
    | "/"
    | "/mappings"
    | "/requests"
    | "/inspector"
    | "/connections"
    | "/logs/gateway"
    | "/logs/agent"
    | "/caddy"
    | "/settings/landing";
  /** Part of the address that marks the item as current. */
  section: string;
  label: string;
  icon: LucideIcon;
  /** The second key after "g". */
  key: string;
}

export interface NavGroup {
  title: string | null;
  items: readonly NavItem[];
}

export const DASHBOARD: NavItem = {
  to: "/",
  section: "/",
  label: "Dashboard",
  icon: LayoutDashboard,
  key: "d",
};
export const MAPPINGS: NavItem = {
  to: "/mappings",
  section: "/mappings",
  label: "Mappings",
  icon: Route,
  key: "m",
};
export const REQUESTS: NavItem = {
  to: "/requests",
  section: "/requests",
  label: "Requests",
  icon: List,
  key: "r",
};
const INSPECTOR: NavItem = {
  to: "/inspector",
  section: "/inspector",
  label: "Inspector",
  icon: GitCompareArrows,
  key: "i",
};
const CONNECTIONS: NavItem = {
  to: "/connections",
  section: "/connections",
  label: "Connections",
  icon: Cable,
  key: "t",
};
export const GATEWAY_LOG: NavItem = {
  to: "/logs/gateway",
  section: "/logs/gateway",
  label: "Gateway log",
  icon: Server,
  key: "l",
};
const AGENT_LOG: NavItem = {
  to: "/logs/agent",
  section: "/logs/agent",
  label: "Agent log",
  icon: Terminal,
  key: "a",
};
const CADDY: NavItem = {
  to: "/caddy",
  section: "/caddy",
  label: "Caddy configuration",
  icon: Braces,
  key: "c",
};
const SETTINGS: NavItem = {
  to: "/settings/landing",
  section: "/settings",
  label: "Settings",
  icon: Settings,
  key: "s",
};

export const NAV_GROUPS: readonly NavGroup[] = [
  { title: null, items: [DASHBOARD, MAPPINGS] },
  { title: "Traffic", items: [REQUESTS, INSPECTOR, CONNECTIONS] },
  { title: "Logs", items: [GATEWAY_LOG, AGENT_LOG] },
  { title: "System", items: [CADDY, SETTINGS] },
];

export const ALL_PAGES: readonly NavItem[] = NAV_GROUPS.flatMap((group) => group.items);

/** The bottom bar of small screens; the rest is in its sheet. */
export const BOTTOM_BAR: readonly NavItem[] = [
  DASHBOARD,
  MAPPINGS,
  REQUESTS,
  { ...GATEWAY_LOG, label: "Logs", icon: ScrollText },
];
export const MORE_PAGES: readonly NavItem[] = [INSPECTOR, CONNECTIONS, AGENT_LOG, CADDY, SETTINGS];

export function isCurrent(item: NavItem, path: string): boolean {
  return item.section === "/" ? path === "/" : path.startsWith(item.section);
}
