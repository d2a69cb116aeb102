// The keys of the list: J and K move, the rest acts on the row that has the focus.
import type { Mapping } from "~/shared/api/types";
import { useShortcut } from "~/shared/lib/shortcuts";
import type { Row } from "./rows";
import type { MappingActions } from "./use-mapping-actions";

function focusedId(): string | undefined {
  const row = document.activeElement?.closest("[data-row]");
  return row instanceof HTMLElement ? row.dataset.row : undefined;
}

export function useRowKeys(
  rows: readonly Row[],
  actions: MappingActions,
  onDelete: (mapping: Mapping) => void,
): void {
  const move = (by: number) => {
    const now = rows.findIndex((row) => row.mapping.id === focusedId());
    const next = rows[now < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, now + by))];
    const link =
      next && document.querySelector(`[data-row="${CSS.escape(next.mapping.id)}"] [data-row-link]`);
    if (link instanceof HTMLElement) link.focus();
  };
  const withFocused = (run: (mapping: Mapping) => void) => () => {
    const found = rows.find((row) => row.mapping.id === focusedId());
    if (found) run(found.mapping);
  };
  useShortcut("j", () => move(1));
  useShortcut("k", () => move(-1));
  useShortcut("ArrowDown", () => move(1));
  useShortcut("ArrowUp", () => move(-1));
  useShortcut("e", withFocused(actions.edit));
  useShortcut("d", withFocused(actions.duplicate));
  useShortcut(
    "o",
    withFocused((mapping) => actions.toggle(mapping, !mapping.enabled)),
  );
  useShortcut("Delete", withFocused(onDelete));
}
