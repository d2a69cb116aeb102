// How a toast looks, and the part that shows it. Loaded after the first screen, with sonner.
import { CircleCheck, CircleX, Info, X } from "lucide-react";
import { Toaster as Sonner, toast } from "sonner";
import { visible } from "../lib/format";
import type { Notice, Tone } from "../lib/notify";

const ICONS = { success: CircleCheck, danger: CircleX, info: Info };
const COLOURS = { success: "text-success", danger: "text-danger", info: "text-info" };

function Toast({ id, tone, notice }: { id: string | number; tone: Tone; notice: Notice }) {
  const Icon = ICONS[tone];
  const close = () => toast.dismiss(id);
  return (
    <div className="flex w-full items-start gap-[11px] rounded-lg border border-line bg-raised py-3 pr-2.5 pl-3.5 text-sm shadow-md">
      <Icon size={16} strokeWidth={1.75} className={`mt-0.5 ${COLOURS[tone]}`} aria-hidden />
      <div className="min-w-0 flex-1">
        <b className="block break-words">{visible(notice.title)}</b>
        {notice.detail && <p className="break-words text-muted">{visible(notice.detail)}</p>}
      </div>
      {notice.action && (
        <button
          type="button"
          className="-my-0.5 h-7 shrink-0 rounded-sm px-2 text-xs font-medium text-accent hover:bg-hover"
          onClick={() => {
            notice.action?.run();
            close();
          }}
        >
          {notice.action.label}
        </button>
      )}
      <button
        type="button"
        aria-label="Close"
        className="-my-0.5 grid size-7 shrink-0 place-items-center rounded-sm text-muted hover:bg-hover"
        onClick={close}
      >
        <X size={14} strokeWidth={1.75} aria-hidden />
      </button>
    </div>
  );
}

export function show(tone: Tone, notice: Notice, lasts: number): void {
  toast.custom((id) => <Toast id={id} tone={tone} notice={notice} />, { duration: lasts });
}

/** Bottom right, four at most, above the bottom bar of small screens. */
export function Toaster() {
  return (
    <Sonner
      position="bottom-right"
      visibleToasts={4}
      expand
      gap={10}
      offset={20}
      mobileOffset={12}
      style={{ width: 420, maxWidth: "calc(100vw - 24px)" }}
      toastOptions={{ unstyled: true, className: "w-full" }}
    />
  );
}
