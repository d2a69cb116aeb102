// Toasts in the words and times of the design: what happened, what it means, at most one action. Errors stay until closed.
import { CircleCheck, CircleX, Info, X } from "lucide-react";
import { toast } from "sonner";

interface Notice {
  title: string;
  detail?: string;
  action?: { label: string; run: () => void };
  /** How long it stays, in milliseconds. */
  lasts?: number;
}

type Tone = "success" | "danger" | "info";

const ICONS = { success: CircleCheck, danger: CircleX, info: Info };
const COLOURS = { success: "text-success", danger: "text-danger", info: "text-info" };
const LASTS_MS = 5000;
/** Long enough to read the toast and reach its Undo. */
export const UNDO_MS = 6000;

function Toast({ id, tone, notice }: { id: string | number; tone: Tone; notice: Notice }) {
  const Icon = ICONS[tone];
  const close = () => toast.dismiss(id);
  return (
    <div className="flex w-full items-start gap-[11px] rounded-lg border border-line bg-raised py-3 pr-2.5 pl-3.5 text-sm shadow-md">
      <Icon size={16} strokeWidth={1.75} className={`mt-0.5 ${COLOURS[tone]}`} aria-hidden />
      <div className="min-w-0 flex-1">
        <b className="block break-words">{notice.title}</b>
        {notice.detail && <p className="break-words text-muted">{notice.detail}</p>}
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
      <button type="button" aria-label="Close" className="-my-0.5 grid size-7 shrink-0 place-items-center rounded-sm text-muted hover:bg-hover" onClick={close}>
        <X size={14} strokeWidth={1.75} aria-hidden />
      </button>
    </div>
  );
}

function show(tone: Tone, notice: Notice, lasts: number): void {
  toast.custom((id) => <Toast id={id} tone={tone} notice={notice} />, { duration: notice.lasts ?? lasts });
}

export const notify = {
  success: (notice: Notice) => show("success", notice, LASTS_MS),
  info: (notice: Notice) => show("info", notice, LASTS_MS),
  failure: (notice: Notice) => show("danger", notice, Number.POSITIVE_INFINITY),
};
