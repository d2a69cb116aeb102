// Side panes. A modal one holds a form; a detail pane stands beside its list and becomes a sheet where there is no room.
import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "../lib/cn";
import { useReturnFocus } from "../lib/return-focus";
import { MEDIUM, SMALL, useMedia } from "../lib/use-media";
import { IconButton } from "./icon-button";

interface DrawerProps {
  onClose: () => void;
  title: string;
  description?: string;
  /** Asked before Escape or a click outside closes; false keeps it. */
  mayClose?: () => boolean;
  children: ReactNode;
}

/** A form over the page. Mounted means open. */
export function Drawer({ onClose, title, description, mayClose, children }: DrawerProps) {
  const returnFocus = useReturnFocus();
  const guard = (event: Event) => {
    if (mayClose?.() === false) event.preventDefault();
  };
  return (
    <Radix.Root open onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="layer-fade fixed inset-0 z-scrim bg-scrim" />
        <Radix.Content
          data-modal
          aria-describedby={undefined}
          onEscapeKeyDown={guard}
          onInteractOutside={guard}
          onCloseAutoFocus={returnFocus}
          className="layer-drawer fixed inset-y-0 right-0 z-scrim flex w-[560px] max-w-full flex-col border-l bg-surface shadow-lg outline-none max-md:w-full max-md:border-0"
        >
          <div className="flex items-start gap-2.5 border-b py-3.5 pr-3.5 pl-5 max-md:pl-4">
            <div className="min-w-0 flex-1">
              <Radix.Title className="truncate text-lg font-semibold tracking-tight">{title}</Radix.Title>
              {description && <p className="text-muted">{description}</p>}
            </div>
            <Radix.Close
              aria-label="Close"
              className="grid size-9 shrink-0 place-items-center rounded-sm text-muted hover:bg-hover hover:text-ink"
            >
              <X size={16} strokeWidth={1.75} aria-hidden />
            </Radix.Close>
          </div>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export function DrawerBody({ className, children }: { className?: string; children: ReactNode }) {
  return (
    <div className={cn("grid min-h-0 flex-1 content-start gap-5 overflow-auto p-5 max-md:p-4", className)}>
      {children}
    </div>
  );
}

export function DrawerFoot({ children }: { children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center gap-2 border-t bg-surface px-5 py-3 max-md:px-4 max-md:pb-[calc(10px+env(safe-area-inset-bottom))]">
      {children}
    </div>
  );
}

interface DetailPaneProps {
  /** Names the pane for assistive technology. */
  label: string;
  head: ReactNode;
  actions?: ReactNode;
  narrow?: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** The detail of a row, beside the list, which stays usable. */
export function DetailPane({ label, head, actions, narrow, onClose, children }: DetailPaneProps) {
  const small = useMedia(SMALL);
  const floating = useMedia(MEDIUM);
  const returnFocus = useReturnFocus();
  const inner = (
    <>
      <div className="flex items-start gap-2 border-b py-3.5 pr-3 pl-5 max-md:pl-4">
        <div className="min-w-0 flex-1">{head}</div>
        <div className="flex shrink-0 items-center gap-0.5">
          {actions}
          <IconButton icon={X} label="Close the detail" size="sm" onClick={onClose} />
        </div>
      </div>
      <DrawerBody>{children}</DrawerBody>
    </>
  );
  if (small) {
    return (
      <Radix.Root open onOpenChange={(next) => !next && onClose()}>
        <Radix.Portal>
          <Radix.Overlay className="layer-fade fixed inset-0 z-scrim bg-scrim" />
          <Radix.Content
            data-modal
            aria-describedby={undefined}
            onCloseAutoFocus={returnFocus}
            // Not the first button: its tooltip would open with it.
            onOpenAutoFocus={(event) => {
              event.preventDefault();
              if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus();
            }}
            className="layer-sheet fixed inset-x-0 top-[72px] bottom-0 z-scrim flex flex-col rounded-t-xl border-t bg-surface shadow-lg outline-none"
          >
            <Radix.Title className="sr-only">{label}</Radix.Title>
            {inner}
          </Radix.Content>
        </Radix.Portal>
      </Radix.Root>
    );
  }
  return (
    <aside
      aria-label={label}
      className={cn(
        "flex min-h-0 flex-col border-l bg-surface",
        floating
          ? "absolute inset-y-0 right-0 z-drawer w-[480px] shadow-lg"
          : narrow
            ? "w-[420px] shrink-0"
            : "w-[480px] shrink-0",
      )}
    >
      {inner}
    </aside>
  );
}
