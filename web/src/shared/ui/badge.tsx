// A word with a colour that means a state. The word always says it too.
import { cva } from "class-variance-authority";
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

export type Tone = "neutral" | "success" | "warning" | "danger" | "info" | "accent";

const style = cva(
  "inline-flex h-5 max-w-full items-center gap-[5px] rounded-xs border px-[7px] align-middle text-xs leading-none font-medium whitespace-nowrap",
  {
    variants: {
      tone: {
        neutral: "border-line bg-sunken text-muted",
        success: "border-success bg-success-subtle text-success",
        warning: "border-warning bg-warning-subtle text-warning",
        danger: "border-danger bg-danger-subtle text-danger",
        info: "border-info bg-info-subtle text-info",
        accent: "border-accent bg-accent-subtle text-accent",
      },
    },
  },
);

export function Badge({
  tone = "neutral",
  icon: Icon,
  children,
}: {
  tone?: Tone;
  icon?: LucideIcon;
  children: ReactNode;
}) {
  return (
    <span className={style({ tone })}>
      {Icon && <Icon size={12} strokeWidth={1.75} aria-hidden />}
      {children}
    </span>
  );
}

export type DotTone = "success" | "warning" | "danger" | "off" | "neutral";

/** A state's dot; a word stands beside it. It pulses only where something is live. */
export function Dot({ tone, pulse }: { tone: DotTone; pulse?: boolean }) {
  return <span className="dot" data-tone={tone} data-pulse={pulse || undefined} aria-hidden />;
}

const STATUS_COLOURS: Record<string, string> = {
  1: "text-info",
  2: "text-success",
  3: "text-info",
  4: "text-warning",
  5: "text-danger",
};

export function StatusCode({ code, text }: { code: number | null | undefined; text?: string }) {
  if (code == null) return <span className="mono text-xs text-danger">fail</span>;
  return (
    <span className={`nums mono text-xs font-[560] ${STATUS_COLOURS[String(code).charAt(0)] ?? ""}`}>
      {text ? `${code} ${text}` : code}
    </span>
  );
}
