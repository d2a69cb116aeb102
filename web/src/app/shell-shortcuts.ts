// The shortcuts that work on every page.
import { useNavigate } from "@tanstack/react-router";
import { notify } from "~/shared/lib/notify";
import { cycleTheme } from "~/shared/lib/preferences";
import { useShortcut } from "~/shared/lib/shortcuts";
import type { Shell } from "~/shared/ui/shell-context";
import { ALL_PAGES } from "./nav-items";

export const THEME_WORDS = { light: "Light", dark: "Dark", system: "System" };

export function useShellShortcuts(shell: Shell): void {
  const navigate = useNavigate();
  useShortcut("mod+k", shell.openPalette);
  useShortcut("?", shell.openHelp);
  useShortcut("t", () =>
    notify.info({ title: `Theme: ${THEME_WORDS[cycleTheme()].toLowerCase()}`, lasts: 1500 }),
  );
  useShortcut("n", () => void navigate({ to: "/mappings/new" }));
  for (const page of ALL_PAGES) {
    // The list of pages is constant, so the hooks run in the same order each time.
    // biome-ignore lint/correctness/useHookAtTopLevel: constant number of calls
    useShortcut(`g ${page.key}`, () => void navigate({ to: page.to }));
  }
}
