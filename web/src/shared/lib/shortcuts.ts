// Keyboard shortcuts: one listener, a registry, and sequences such as "g d". Single keys are off in fields and can be turned off.
import { useEffect, useRef } from "react";
import { preferences } from "./preferences";

interface Shortcut {
  keys: string;
  run: (event: KeyboardEvent) => void;
}

/** Time in which the second key of a sequence must follow, in milliseconds. */
const SEQUENCE_MS = 1000;
const registry = new Set<Shortcut>();
let first: { key: string; at: number } | null = null;

/** "mod+k", "shift+g", "g d", "?" or "Delete". */
function describe(event: KeyboardEvent): string {
  const key = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("mod");
  if (event.altKey) parts.push("alt");
  if (event.shiftKey && (key.length > 1 || /[a-z]/.test(key))) parts.push("shift");
  return [...parts, key].join("+");
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable ||
    /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) ||
    !!target.closest(".cm-editor")
  );
}

/** Space and Enter belong to the button or link that has the focus. */
function isPressing(event: KeyboardEvent): boolean {
  const pressed = event.key === " " || event.key === "Enter";
  return (
    pressed &&
    event.target instanceof HTMLElement &&
    !!event.target.closest("button, a, summary, [role=switch], [role=radio]")
  );
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.repeat) return;
  const pressed = describe(event);
  const withModifier = pressed.startsWith("mod+");
  const target = event.composedPath()[0] ?? event.target;
  if (!withModifier) {
    if (!preferences.get().singleKeys || isTyping(target) || isPressing(event)) return;
    // A modal layer owns the keyboard.
    if (document.querySelector("[role=dialog][data-modal], [role=alertdialog], [role=menu]")) return;
  }
  const sequence = first && event.timeStamp - first.at < SEQUENCE_MS ? `${first.key} ${pressed}` : null;
  const found = find(sequence) ?? find(pressed);
  first = found ? null : { key: pressed, at: event.timeStamp };
  if (!found) return;
  event.preventDefault();
  found.run(event);
}

/** The newest wins: a page's shortcut shadows the shell's. */
function find(keys: string | null): Shortcut | undefined {
  return keys === null ? undefined : [...registry].reverse().find((shortcut) => shortcut.keys === keys);
}

export function useShortcut(keys: string, run: (event: KeyboardEvent) => void, active = true): void {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => {
    if (!active) return;
    const shortcut: Shortcut = { keys, run: (event) => latest.current(event) };
    if (registry.size === 0) window.addEventListener("keydown", onKeyDown);
    registry.add(shortcut);
    return () => {
      registry.delete(shortcut);
      if (registry.size === 0) window.removeEventListener("keydown", onKeyDown);
    };
  }, [keys, active]);
}

export const MOD_KEY = /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘" : "Ctrl";
