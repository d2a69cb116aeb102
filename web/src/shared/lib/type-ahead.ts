// What is typed while a layer is still loading: kept for its field, neither lost nor taken for shortcuts.

interface Typed {
  text: string;
  /** Enter was pressed behind the text. */
  enter: boolean;
}

let typed: Typed | null = null;
let giveUp: () => void = () => {};

function onKeyDown(event: KeyboardEvent): void {
  if (!typed || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") giveUp();
  else if (event.key === "Enter") typed.enter = true;
  else if (event.key === "Backspace") typed.text = typed.text.slice(0, -1);
  else if (event.key.length === 1) typed.text += event.key;
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

/** Keeps what is typed from now on. Escape ends it and calls `onEscape`. */
export function keepTyping(onEscape: () => void): void {
  if (!typed) window.addEventListener("keydown", onKeyDown, { capture: true });
  typed = { text: "", enter: false };
  giveUp = onEscape;
}

/** What was typed until now. From now on the page gets its keys again. */
export function takeTyped(): Typed {
  const taken = typed ?? { text: "", enter: false };
  window.removeEventListener("keydown", onKeyDown, { capture: true });
  typed = null;
  return taken;
}
