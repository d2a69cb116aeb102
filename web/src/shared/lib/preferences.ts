// What a person chose for this browser: theme, time zone, row height, single-key shortcuts. Kept in local storage; nothing secret.
import { createStore, useStore } from "./store";

export type Theme = "light" | "dark" | "system";

export interface Preferences {
  theme: Theme;
  timeZone: "local" | "utc";
  density: "regular" | "dense";
  singleKeys: boolean;
}

/** `src/boot/theme.js` reads the same key before the first paint. */
const KEY = "octoporty-preferences";
const DEFAULTS: Preferences = { theme: "system", timeZone: "local", density: "regular", singleKeys: true };

function read(): Preferences {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return DEFAULTS;
  }
}

export const preferences = createStore<Preferences>(read());

export function usePreferences(): Preferences {
  return useStore(preferences);
}

export function setPreference<K extends keyof Preferences>(key: K, value: Preferences[K]): void {
  const next = { ...preferences.get(), [key]: value };
  preferences.set(next);
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // Storage may be full or off; the choice then lasts as long as the page.
  }
}

/** Keeps `<html>` in step with the preferences and the system's theme. Runs once, before React. */
export function applyPreferences(): void {
  const systemDark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const { theme, density } = preferences.get();
    const dark = theme === "dark" || (theme === "system" && systemDark.matches);
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    document.documentElement.dataset.density = density;
  };
  preferences.subscribe(apply);
  systemDark.addEventListener("change", apply);
  apply();
}

const NEXT_THEME: Record<Theme, Theme> = { light: "dark", dark: "system", system: "light" };

export function cycleTheme(): Theme {
  const next = NEXT_THEME[preferences.get().theme];
  setPreference("theme", next);
  return next;
}
