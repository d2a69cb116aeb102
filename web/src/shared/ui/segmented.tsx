// Two to four short choices in a row; the arrow keys move between them.
import type { LucideIcon } from "lucide-react";
import { RadioGroup } from "radix-ui";
import { cn } from "../lib/cn";
import { count } from "../lib/format";

export interface Choice<Value extends string> {
  value: Value;
  label: string;
  icon?: LucideIcon;
  count?: number | null;
}

interface SegmentedProps<Value extends string> {
  label: string;
  value: Value;
  choices: readonly Choice<Value>[];
  onChange: (value: Value) => void;
  /** Takes the whole width, in equal parts. */
  full?: boolean;
  className?: string;
}

export function Segmented<Value extends string>({
  label,
  value,
  choices,
  onChange,
  full,
  className,
}: SegmentedProps<Value>) {
  return (
    <RadioGroup.Root
      aria-label={label}
      value={value}
      onValueChange={(next) => {
        const choice = choices.find((each) => each.value === next);
        if (choice) onChange(choice.value);
      }}
      className={cn(
        "h-control shrink-0 gap-0.5 rounded-md border bg-sunken p-0.5",
        full ? "flex" : "inline-flex",
        className,
      )}
    >
      {choices.map((choice) => (
        <Item key={choice.value} choice={choice} full={full} />
      ))}
    </RadioGroup.Root>
  );
}

function Item<Value extends string>({ choice, full }: { choice: Choice<Value>; full?: boolean }) {
  const Icon = choice.icon;
  return (
    <RadioGroup.Item
      value={choice.value}
      aria-label={Icon ? choice.label : undefined}
      title={Icon ? choice.label : undefined}
      className={cn(
        "inline-flex h-full items-center gap-1.5 rounded-sm px-[11px] font-medium whitespace-nowrap text-muted hover:text-ink",
        "data-[state=checked]:bg-raised data-[state=checked]:text-ink data-[state=checked]:shadow-[var(--shadow-sm),0_0_0_1px_var(--border)]",
        full && "flex-1 justify-center",
      )}
    >
      {Icon ? <Icon size={16} strokeWidth={1.75} aria-hidden /> : choice.label}
      {choice.count != null && <span className="nums font-regular text-subtle">{count(choice.count)}</span>}
    </RadioGroup.Item>
  );
}
