// The button: verb first, one primary per view. Busy keeps its width and says so to assistive technology.
import { cva, type VariantProps } from "class-variance-authority";
import { LoaderCircle, type LucideIcon } from "lucide-react";
import { Slot } from "radix-ui";
import type { ComponentProps } from "react";
import { cn } from "../lib/cn";

export const buttonStyle = cva(
  "inline-flex shrink-0 items-center justify-center whitespace-nowrap border font-medium no-underline transition-colors duration-[140ms] select-none hover:no-underline active:translate-y-[0.5px] aria-disabled:cursor-not-allowed aria-disabled:active:translate-y-0 aria-disabled:border-line aria-disabled:bg-sunken aria-disabled:text-subtle aria-disabled:shadow-none",
  {
    variants: {
      variant: {
        primary:
          "border-accent-solid bg-accent text-on-accent shadow-xs hover:bg-accent-hover [&_kbd]:border-current/40 [&_kbd]:bg-transparent [&_kbd]:text-current",
        secondary: "border-strong bg-surface text-ink shadow-xs hover:bg-hover [&>svg]:text-muted",
        ghost: "border-transparent text-muted hover:bg-hover hover:text-ink",
        danger: "border-transparent bg-danger-solid text-on-danger shadow-xs hover:bg-danger-solid-hover",
        "danger-quiet": "border-strong bg-surface text-danger shadow-xs hover:bg-hover",
      },
      size: {
        sm: "h-7 gap-1.5 rounded-sm px-2.5 text-xs max-md:h-8",
        md: "h-control gap-[7px] rounded-md px-[13px]",
        lg: "h-[42px] gap-2 rounded-md px-[18px] text-md",
      },
    },
    defaultVariants: { variant: "secondary", size: "md" },
  },
);

interface ButtonProps extends Omit<ComponentProps<"button">, "disabled">, VariantProps<typeof buttonStyle> {
  icon?: LucideIcon;
  busy?: boolean;
  /** Stays focusable, so that the reason beside it or in its title can be read. */
  disabled?: boolean;
  asChild?: boolean;
}

export function Button({
  variant,
  size,
  icon: Icon,
  busy,
  disabled,
  asChild,
  className,
  children,
  onClick,
  ...rest
}: ButtonProps) {
  const off = busy || disabled;
  const Part = asChild ? Slot.Root : "button";
  const glyph = size === "sm" ? 14 : 16;
  return (
    <Part
      type={asChild ? undefined : "button"}
      className={cn(buttonStyle({ variant, size }), className)}
      aria-disabled={off || undefined}
      aria-busy={busy || undefined}
      onClick={(event) => {
        if (off) event.preventDefault();
        else onClick?.(event);
      }}
      {...rest}
    >
      {busy ? (
        <LoaderCircle size={glyph} strokeWidth={1.75} className="spin" aria-hidden />
      ) : (
        Icon && <Icon size={glyph} strokeWidth={1.75} aria-hidden />
      )}
      <Slot.Slottable>{children}</Slot.Slottable>
    </Part>
  );
}
