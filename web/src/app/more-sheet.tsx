// The sheet behind "More" on small screens: the other pages, the connection, theme, sign out.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { LogOut } from "lucide-react";
import { statusQuery } from "~/shared/api/queries";
import { signOut } from "~/shared/api/session";
import { cn } from "~/shared/lib/cn";
import { connectionWord, gatewayName } from "~/shared/lib/connection";
import { setPreference, usePreferences } from "~/shared/lib/preferences";
import { Dot } from "~/shared/ui/badge";
import { Button } from "~/shared/ui/button";
import { Segmented } from "~/shared/ui/segmented";
import { ConnectionNote } from "./connection-button";
import { isCurrent, MORE_PAGES } from "./nav-items";

export function MoreSheet({ path, onClose }: { path: string; onClose: () => void }) {
  const { data: status } = useQuery(statusQuery);
  const { theme } = usePreferences();
  const state = status && connectionWord(status);
  return (
    <>
      <div className="mx-auto mt-1 mb-2.5 h-1 w-9 rounded-full bg-strong" aria-hidden />
      {MORE_PAGES.map((item) => {
        const Icon = item.icon;
        const current = isCurrent(item, path);
        return (
          <Link
            key={item.to}
            to={item.to}
            onClick={onClose}
            aria-current={current ? "page" : undefined}
            className={cn(
              "flex h-11 items-center gap-2.5 rounded-sm px-3 text-md font-medium no-underline!",
              current ? "bg-selected text-accent!" : "text-muted!",
            )}
          >
            <Icon size={16} strokeWidth={1.75} aria-hidden />
            {item.label}
          </Link>
        );
      })}
      {status && state && (
        <div className="mt-1 flex items-center gap-3.5 border-y border-faint px-3 py-2.5">
          <Dot tone={state.tone} />
          <div className="min-w-0">
            <b className="block truncate font-medium">
              {state.word}
              {state.look === "up" && ` to ${gatewayName(status)}`}
            </b>
            <small className="nums text-xs text-subtle">
              <ConnectionNote status={status} />
            </small>
          </div>
        </div>
      )}
      <div className="flex gap-2 p-1 pt-2.5">
        <Segmented
          label="Theme"
          full
          className="flex-1"
          value={theme}
          choices={[
            { value: "light", label: "Light" },
            { value: "dark", label: "Dark" },
            { value: "system", label: "System" },
          ]}
          onChange={(next) => setPreference("theme", next)}
        />
        <Button icon={LogOut} onClick={() => void signOut()}>
          Sign out
        </Button>
      </div>
    </>
  );
}
