// Modal dialogs: focus is trapped and goes back to the opener. The foot holds the actions, the decisive one on the right.
import type { LucideIcon } from "lucide-react";
import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "../lib/cn";
import { useReturnFocus } from "../lib/return-focus";

const WIDTHS = { sm: "max-w-[440px]", md: "max-w-[560px]", lg: "max-w-[760px]" };
const FIELDS = "[data-dialog=body] :is(input, select, textarea)";
const TONES = {
  neutral: "bg-sunken text-muted",
  accent: "bg-accent-subtle text-accent",
  success: "bg-success-subtle text-success",
  warning: "bg-warning-subtle text-warning",
  danger: "bg-danger-subtle text-danger",
};

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  icon?: LucideIcon;
  iconClass?: string;
  tone?: keyof typeof TONES;
  size?: keyof typeof WIDTHS;
  /** Said to assistive technology when the dialog opens; the body is read anyway. */
  foot?: ReactNode;
  /** Without it there is no cross: the dialog has to be answered. */
  closable?: boolean;
  /** Asked before Escape or a click outside closes; false keeps the dialog. */
  mayClose?: () => boolean;
  children: ReactNode;
}

/** The first field, else the first button of the foot, which is a safe one; not the cross above them. */
function focusFirst(event: Event): void {
  const content = event.currentTarget;
  if (!(content instanceof HTMLElement)) return;
  const first = content.querySelector<HTMLElement>(`${FIELDS}, [data-dialog=foot] button`);
  if (!first) return;
  event.preventDefault();
  first.focus();
}

export function Dialog(props: DialogProps) {
  const {
    open,
    onClose,
    title,
    icon: Icon,
    tone = "neutral",
    size = "sm",
    foot,
    closable = true,
    mayClose,
    children,
  } = props;
  const returnFocus = useReturnFocus();
  const guard = (event: Event) => {
    if (!closable || mayClose?.() === false) event.preventDefault();
  };
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="layer-fade fixed inset-0 z-dialog bg-scrim" />
        <Radix.Content
          data-modal
          aria-describedby={undefined}
          onEscapeKeyDown={guard}
          onInteractOutside={guard}
          onOpenAutoFocus={focusFirst}
          onCloseAutoFocus={returnFocus}
          className={cn(
            "layer-dialog fixed top-1/2 left-1/2 z-dialog flex max-h-[calc(100dvh-48px)] w-[calc(100vw-32px)] -translate-x-1/2 -translate-y-1/2 flex-col rounded-xl border bg-raised shadow-lg outline-none",
            WIDTHS[size],
          )}
        >
          <div className="flex items-start gap-3 px-5 pt-5">
            {Icon && (
              <span
                className={cn("-mt-1.5 grid size-9 shrink-0 place-items-center rounded-full", TONES[tone])}
              >
                <Icon size={18} strokeWidth={1.75} className={props.iconClass} aria-hidden />
              </span>
            )}
            <Radix.Title className="min-w-0 flex-1 text-lg font-semibold tracking-tight break-words">
              {title}
            </Radix.Title>
            {closable && (
              <Radix.Close
                aria-label="Close"
                className="-mt-1 -mr-1.5 grid size-8 shrink-0 place-items-center rounded-sm text-muted hover:bg-hover hover:text-ink"
              >
                <X size={16} strokeWidth={1.75} aria-hidden />
              </Radix.Close>
            )}
          </div>
          <div
            data-dialog="body"
            className={cn(
              "grid min-h-0 content-start gap-4 overflow-auto px-5 pt-2.5 pb-5 text-md text-muted",
              Icon && "md:pl-[68px]",
            )}
          >
            {children}
          </div>
          {foot && (
            <div
              data-dialog="foot"
              className="flex flex-wrap items-center justify-end gap-2 rounded-b-xl border-t bg-sunken px-5 py-3"
            >
              {foot}
            </div>
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
