// The frame around every page: side bar, bottom bar, banners, palette, help, and the live connection.
import { Outlet, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { UpdateDialog } from "~/features/update/update-dialog";
import { keepTyping, takeTyped } from "~/shared/lib/type-ahead";
import { ShellContext } from "~/shared/ui/shell-context";
import { Banners } from "./banners";
import { BottomBar } from "./bottom-bar";
import { useLiveBridge } from "./live-bridge";
import { SessionGate } from "./session-gate";
import { useShellShortcuts } from "./shell-shortcuts";
import { SideBar } from "./side-bar";

const CommandPalette = lazy(() =>
  import("./command-palette").then((module) => ({ default: module.CommandPalette })),
);
const HelpSheet = lazy(() => import("./help-sheet").then((module) => ({ default: module.HelpSheet })));

/** Pages that fill the window and scroll inside. */
const FILLING = /^\/(requests|logs|caddy)/;

export function AppShell() {
  const [layer, setLayer] = useState<"palette" | "help" | null>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const fills = FILLING.test(path);
  useLiveBridge();
  const shell = useMemo(() => {
    const openPalette = () => {
      if (layer === "palette") return;
      keepTyping(() => setLayer(null));
      setLayer("palette");
    };
    return { openPalette, openHelp: () => setLayer("help") };
  }, [layer]);
  // However the palette ends, also while it is loading, the page gets its keys back.
  useEffect(() => (layer === "palette" ? () => void takeTyped() : undefined), [layer]);
  useShellShortcuts(shell);
  const close = () => setLayer(null);
  return (
    <ShellContext value={shell}>
      <a
        href="#main"
        className="fixed -top-16 left-3 z-tooltip rounded-sm bg-inverse px-3.5 py-2 text-inverse focus:top-3"
      >
        Skip to content
      </a>
      <div
        className={
          fills
            ? "grid h-dvh grid-cols-[var(--nav-width)_minmax(0,1fr)] overflow-hidden max-md:block"
            : "grid min-h-dvh grid-cols-[var(--nav-width)_minmax(0,1fr)] max-md:block"
        }
      >
        <SideBar />
        <div
          className={`flex min-w-0 flex-col max-md:pb-[calc(var(--bottombar-height)+env(safe-area-inset-bottom))] ${fills ? "h-dvh min-h-0" : "max-md:min-h-dvh"}`}
        >
          <Banners />
          <Outlet />
        </div>
      </div>
      <BottomBar />
      <UpdateDialog />
      <SessionGate />
      <Suspense>
        {layer === "palette" && <CommandPalette onClose={close} onHelp={shell.openHelp} />}
        {layer === "help" && <HelpSheet onClose={close} />}
      </Suspense>
    </ShellContext>
  );
}
