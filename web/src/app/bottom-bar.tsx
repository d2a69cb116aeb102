// The bottom bar of small screens, and the sheet with the rest.
import { useQuery } from "@tanstack/react-query";
import { Link, useRouterState } from "@tanstack/react-router";
import { LogOut, Menu as MenuIcon } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { useState } from "react";
import { statusQuery } from "~/shared/api/queries";
import { signOut } from "~/shared/api/session";
import { cn } from "~/shared/lib/cn";
import { connectionWord } from "~/shared/lib/connection";
import { setPreference, usePreferences } from "~/shared/lib/preferences";
import { Dot } from "~/shared/ui/badge";
import { Button } from "~/shared/ui/button";
import { Segmented } from "~/shared/ui/segmented";
import { ConnectionNote } from "./connection-button";
import { BOTTOM_BAR, isCurrent, MORE_PAGES } from "./nav-items";

const ITEM = "grid content-center justify-items-center gap-[3px] text-2xs leading-[14px] font-medium no-underline!";

export function BottomBar() {
  const [open, setOpen] = useState(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const elsewhere = MORE_PAGES.some((item) => isCurrent(item, path));
  return (
    <nav aria-label="Main pages" className="fixed inset-x-0 bottom-0 z-nav hidden h-[calc(var(--bottombar-height)+env(safe-area-inset-bottom))] grid-cols-5 border-t bg-surface pb-[env(safe-area-inset-bottom)] max-md:grid">
      {BOTTOM_BAR.map((item) => {
        const Icon = item.icon;
        const current = isCurrent(item, path);
        return (
          <Link key={item.to} to={item.to} aria-current={current ? "page" : undefined} className={cn(ITEM, current ? "text-accent!" : "text-subtle!")}>
            <Icon size={20} strokeWidth={1.75} aria-hidden />
            {item.label}
          </Link>
        );
      })}
      <Radix.Root open={open} onOpenChange={setOpen}>
        <Radix.Trigger className={cn(ITEM, elsewhere ? "text-accent" : "text-subtle")}>
          <MenuIcon size={20} strokeWidth={1.75} aria-hidden />
          More
        </Radix.Trigger>
        <Radix.Portal>
          <Radix.Overlay className="layer-fade fixed inset-0 z-scrim bg-scrim" />
          <Radix.Content data-modal aria-describedby={undefined} className="layer-sheet fixed inset-x-0 bottom-0 z-dialog max-h-[85dvh] overflow-auto rounded-t-xl border-t bg-raised px-3 pt-2 pb-[calc(16px+env(safe-area-inset-bottom))] shadow-lg outline-none">
            <MoreSheet path={path} onClose={() => setOpen(false)} />
          </Radix.Content>
        </Radix.Portal>
      </Radix.Root>
    </nav>
  );
}

function MoreSheet({ path, onClose }: { path: string; onClose: () => void }) {
  const { data: status } = useQuery(statusQuery);
  const { theme } = usePreferences();
  const state = status && connectionWord(status);
  return (
    <>
      <div className="mx-auto mt-1 mb-2.5 h-1 w-9 rounded-full bg-strong" aria-hidden />
      <Radix.Title className="sr-only">More pages</Radix.Title>
      {MORE_PAGES.map((item) => {
        const Icon = item.icon;
        const current = isCurrent(item, path);
        return (
          <Link key={item.to} to={item.to} onClick={onClose} aria-current={current ? "page" : undefined} className={cn("flex h-11 items-center gap-2.5 rounded-sm px-3 text-md font-medium no-underline!", current ? "bg-selected text-accent!" : "text-muted!")}>
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
              {state.look === "up" && ` to ${status.gatewayHost}`}
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
