// What is typed while a layer is still loading: kept for its field, neither lost nor taken for shortcuts.

interface Typed {
  text: string;
  /** Enter was pressed behind the text; what comes after it is for nobody. */
  enter: boolean;
}

let typed: Typed | null = null;
let giveUp: () => void = () => {};
let follow: (text: string) => void = () => {};

function onKeyDown(event: KeyboardEvent): void {
  if (!typed || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") giveUp();
  else if (event.key === "Enter") typed.enter = true;
  else if (event.key === "Backspace") change(typed.text.slice(0, -1));
  else if (event.key.length === 1) change(typed.text + event.key);
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

function change(text: string): void {
  if (!typed || typed.enter) return;
  typed.text = text;
  follow(text);
}

/** Keeps what is typed from now on, until `takeTyped`. Escape calls `onEscape`. */
export function keepTyping(onEscape: () => void): void {
  if (!typed) window.addEventListener("keydown", onKeyDown, { capture: true });
  typed = { text: "", enter: false };
  giveUp = onEscape;
}

/** Tells of what was typed so far and of each change, so that the field shows it before it takes the keys over. */
export function followTyping(tell: (text: string) => void): () => void {
  follow = tell;
  if (typed) tell(typed.text);
  return () => {
    follow = () => {};
  };
}

/** Whether keys are kept, and these are all of them. */
export function isAllTyped(text: string): boolean {
  return typed?.text === text;
}

/** Ends the keeping; says whether Enter was pressed. */
export function takeTyped(): boolean {
  const enter = typed?.enter ?? false;
  window.removeEventListener("keydown", onKeyDown, { capture: true });
  typed = null;
  return enter;
}
