// The bottom bar of small screens, and the sheet with the rest.
import { Link, useRouterState } from "@tanstack/react-router";
import { Menu as MenuIcon } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { lazy, Suspense, useState } from "react";
import { cn } from "~/shared/lib/cn";
import { BOTTOM_BAR, isCurrent, MORE_PAGES } from "./nav-items";

const loadMoreSheet = () => import("./more-sheet");
const MoreSheet = lazy(() => loadMoreSheet().then((module) => ({ default: module.MoreSheet })));

const ITEM =
  "grid content-center justify-items-center gap-[3px] text-2xs leading-[14px] font-medium no-underline!";

export function BottomBar() {
  const [open, setOpen] = useState(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const elsewhere = MORE_PAGES.some((item) => isCurrent(item, path));
  return (
    <nav
      aria-label="Main pages"
      className="fixed inset-x-0 bottom-0 z-nav hidden h-[calc(var(--bottombar-height)+env(safe-area-inset-bottom))] grid-cols-5 border-t bg-surface pb-[env(safe-area-inset-bottom)] max-md:grid"
    >
      {BOTTOM_BAR.map((item) => {
        const Icon = item.icon;
        const current = isCurrent(item, path);
        return (
          <Link
            key={item.to}
            to={item.to}
            aria-current={current ? "page" : undefined}
            className={cn(ITEM, current ? "text-accent!" : "text-subtle!")}
          >
            <Icon size={20} strokeWidth={1.75} aria-hidden />
            {item.label}
          </Link>
        );
      })}
      <Radix.Root open={open} onOpenChange={setOpen}>
        <Radix.Trigger
          onPointerDown={() => void loadMoreSheet()}
          onFocus={() => void loadMoreSheet()}
          className={cn(ITEM, elsewhere ? "text-accent" : "text-subtle")}
        >
          <MenuIcon size={20} strokeWidth={1.75} aria-hidden />
          More
        </Radix.Trigger>
        <Radix.Portal>
          <Radix.Overlay className="layer-fade fixed inset-0 z-scrim bg-scrim" />
          <Radix.Content
            data-modal
            aria-describedby={undefined}
            className="layer-sheet fixed inset-x-0 bottom-0 z-dialog max-h-[85dvh] overflow-auto rounded-t-xl border-t bg-raised px-3 pt-2 pb-[calc(16px+env(safe-area-inset-bottom))] shadow-lg outline-none"
          >
            <Radix.Title className="sr-only">More pages</Radix.Title>
            <Suspense fallback={<div className="h-[380px]" />}>
              <MoreSheet path={path} onClose={() => setOpen(false)} />
            </Suspense>
          </Radix.Content>
        </Radix.Portal>
      </Radix.Root>
    </nav>
  );
}
