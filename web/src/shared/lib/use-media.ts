// Whether a media query holds, for the few places where the small layout is a different component.
import { useCallback, useSyncExternalStore } from "react";

/** The small layout: bottom bar, sheets instead of side panes. */
export const SMALL = "(max-width: 780px)";
/** Details float over the list up to here. */
export const MEDIUM = "(max-width: 1080px)";

export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = matchMedia(query);
      list.addEventListener("change", listener);
      return () => list.removeEventListener("change", listener);
    },
    [query],
  );
  return useSyncExternalStore(
    subscribe,
    () => matchMedia(query).matches,
    () => false,
  );
}
