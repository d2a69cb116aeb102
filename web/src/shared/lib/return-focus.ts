// Where the keyboard goes when a layer closes: back to where it was before, past menus, which are gone by then. Radix does this only
// for layers with a trigger beside them; ours are opened from keys, rows and other files too.
import { useState } from "react";

/** What vanishes as soon as something in it is chosen. */
const FLEETING = "[role=menu], [data-radix-popper-content-wrapper]";

let last: HTMLElement | null = null;

if (typeof document !== "undefined")
  document.addEventListener("focusin", ({ target }) => {
    if (target instanceof HTMLElement && !target.closest(FLEETING)) last = target;
  });

/** For `onCloseAutoFocus` of a layer that is mounted when it opens. Where the opener is gone, the page's title takes the focus. */
export function useReturnFocus(): (event: Event) => void {
  const [opener] = useState(() => last);
  return (event) => {
    event.preventDefault();
    const target = opener?.isConnected ? opener : document.querySelector<HTMLElement>("h1");
    target?.focus();
  };
}
