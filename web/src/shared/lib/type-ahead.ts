// What is typed while a layer is still loading: kept for its field, neither lost nor taken for shortcuts.

let typed: string | null = null;
let giveUp: () => void = () => {};

function onKeyDown(event: KeyboardEvent): void {
  if (typed === null || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") giveUp();
  else if (event.key === "Backspace") typed = typed.slice(0, -1);
  else if (event.key.length === 1) typed += event.key;
  // Nobody has seen what Enter would choose.
  else if (event.key !== "Enter") return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

/** Keeps what is typed from now on. Escape ends it and calls `onEscape`. */
export function keepTyping(onEscape: () => void): void {
  if (typed === null) window.addEventListener("keydown", onKeyDown, { capture: true });
  typed = "";
  giveUp = onEscape;
}

/** What was typed until now. From now on the page gets its keys again. */
export function takeTyped(): string {
  const taken = typed ?? "";
  window.removeEventListener("keydown", onKeyDown, { capture: true });
  typed = null;
  return taken;
}
