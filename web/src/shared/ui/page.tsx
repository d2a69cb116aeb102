// The frame of a page: title, search, actions, content. Sets the document's title and moves the focus to the heading.
import { Search } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { cn } from "../lib/cn";
import { MOD_KEY } from "../lib/shortcuts";
import { ConnectionBadge } from "./connection-badge";
import { IconButton } from "./icon-button";
import { Kbd } from "./kbd";
import { Mark } from "./mark";
import { useShell } from "./shell-context";

interface PageProps {
  title: string;
  /** One sentence beside the title on wide screens. */
  subtitle?: string;
  actions?: ReactNode;
  /** The page fills the window and scrolls inside. */
  fill?: boolean;
  children: ReactNode;
}

/** The page opened first keeps the focus where the browser put it. */
let opened = false;

export function Page({ title, subtitle, actions, fill, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Octoporty`;
    if (opened && !document.querySelector("[role=dialog]")) heading.current?.focus({ preventScroll: true });
    opened = true;
  }, [title]);
  return (
    <div className={cn("flex min-w-0 flex-1 flex-col", fill && "h-full min-h-0")}>
      <header
        className={cn(
          "sticky top-0 z-sticky flex h-(--topbar-height) shrink-0 items-center gap-3 border-b bg-[color-mix(in_oklab,var(--surface-page)_92%,transparent)] backdrop-blur-[10px] max-md:gap-2",
          // On large screens it stands above the content, which is centred there.
          fill ? "px-gutter" : "px-[max(var(--gutter),calc((100%-var(--content-max))/2+var(--gutter)))]",
        )}
      >
        <Mark size={24} className="hidden text-brand max-md:block" />
        <h1 ref={heading} tabIndex={-1} className="truncate text-lg font-semibold tracking-tight">
          {title}
        </h1>
        {subtitle && <p className="truncate text-muted max-xl:hidden">{subtitle}</p>}
        <div className="ml-auto flex shrink-0 items-center gap-2">
          <div className="hidden max-md:block">
            <ConnectionBadge />
          </div>
          <SearchButton />
          {actions}
        </div>
      </header>
      <main
        id="main"
        tabIndex={-1}
        className={
          fill
            ? "flex min-h-0 flex-1 flex-col"
            : "mx-auto grid w-full max-w-(--content-max) content-start gap-4 px-gutter pt-5 pb-10 max-md:gap-3 max-md:pt-3.5 max-md:pb-6"
        }
      >
        {children}
      </main>
    </div>
  );
}

function SearchButton() {
  const { openPalette } = useShell();
  return (
    <>
      <button
        type="button"
        onClick={openPalette}
        className="flex h-control items-center gap-2 rounded-md border bg-surface pr-2 pl-2.5 text-subtle hover:border-strong hover:text-muted max-md:hidden lg:min-w-[208px]"
      >
        <Search size={16} strokeWidth={1.75} aria-hidden />
        Search or jump to
        <Kbd keys={[MOD_KEY, "K"]} className="ml-auto max-lg:hidden" />
      </button>
      <IconButton
        icon={Search}
        label="Search or jump to"
        className="hidden! max-md:inline-flex!"
        onClick={openPalette}
      />
    </>
  );
}
