// A button that is only an icon. Its name is required, and shown as a tooltip.
import { LoaderCircle, type LucideIcon } from "lucide-react";
import type { ComponentProps } from "react";
import { cn } from "../lib/cn";
import { buttonStyle } from "./button";
import { Tooltip } from "./tooltip";

interface IconButtonProps extends Omit<ComponentProps<"button">, "children" | "disabled"> {
  label: string;
  icon: LucideIcon;
  variant?: "primary" | "secondary" | "ghost" | "danger-quiet";
  size?: "sm" | "md";
  busy?: boolean;
  disabled?: boolean;
  tooltip?: string;
}

export function IconButton({
  label,
  icon,
  variant = "ghost",
  size = "md",
  busy,
  disabled,
  tooltip,
  className,
  onClick,
  ...rest
}: IconButtonProps) {
  const Icon = busy ? LoaderCircle : icon;
  const off = busy || disabled;
  return (
    <Tooltip text={tooltip ?? label}>
      <button
        type="button"
        aria-label={label}
        aria-disabled={off || undefined}
        className={cn(
          buttonStyle({ variant, size }),
          "px-0!",
          size === "sm" ? "w-7 max-md:w-8" : "w-(--control-md)",
          className,
        )}
        onClick={(event) => {
          if (off) event.preventDefault();
          else onClick?.(event);
        }}
        {...rest}
      >
        <Icon
          size={size === "sm" ? 14 : 16}
          strokeWidth={1.75}
          className={busy ? "spin" : undefined}
          aria-hidden
        />
      </button>
    </Tooltip>
  );
}
