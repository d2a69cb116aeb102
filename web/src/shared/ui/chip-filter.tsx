// A filter as a chip: "Status: any". Chosen, it is tinted and has a cross. Many entries get a search.
import { Command } from "cmdk";
import { Check, ChevronDown, type LucideIcon, X } from "lucide-react";
import { Popover } from "radix-ui";
import { useState } from "react";
import { cn } from "../lib/cn";
import { MENU_SURFACE } from "./menu";

/** More entries than this are searched, not read. */
const SEARCH_ABOVE = 8;

export interface FilterChoice {
  value: string;
  label: string;
  hint?: string;
}

interface ChipFilterProps {
  label: string;
  value: string | undefined;
  choices: readonly FilterChoice[];
  onChange: (value: string | undefined) => void;
  icon?: LucideIcon;
  /** Shown when nothing is chosen. */
  any?: string;
  /** A filter that always has a value, such as the time span, has no cross. */
  required?: boolean;
  /** Shows the label of a filter that always has a value. */
  labelled?: boolean;
  /** Only its icon on small screens. */
  compact?: boolean;
}

export function ChipFilter({
  label,
  value,
  choices,
  onChange,
  icon: Icon,
  any = "any",
  required,
  labelled,
  compact,
}: ChipFilterProps) {
  const [open, setOpen] = useState(false);
  const chosen = choices.find((choice) => choice.value === value);
  const on = value !== undefined && !required;
  const searched = choices.length > SEARCH_ABOVE;
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <span
        className={cn(
          "inline-flex h-control shrink-0 items-center rounded-md border font-medium whitespace-nowrap",
          on
            ? "border-accent bg-accent-subtle text-accent"
            : "border-strong bg-surface text-muted hover:bg-hover",
        )}
      >
        <Popover.Trigger
          className={cn(
            "inline-flex h-full items-center gap-1.5 rounded-md pl-2.5",
            on ? "pr-1.5" : "pr-2.5",
          )}
        >
          {Icon && <Icon size={14} strokeWidth={1.75} aria-hidden />}
          <span className={cn("inline-flex items-center gap-1.5", compact && "max-md:sr-only")}>
            {(!required || labelled) && `${label}: `}
            <b className={cn("max-w-[160px] truncate font-medium", !on && "text-ink")}>
              {chosen?.label ?? value ?? any}
            </b>
          </span>
          {!on && (
            <ChevronDown
              size={14}
              strokeWidth={1.75}
              className={compact ? "max-md:hidden" : undefined}
              aria-hidden
            />
          )}
          {required && !labelled && <span className="sr-only">, {label}</span>}
        </Popover.Trigger>
        {on && (
          <button
            type="button"
            aria-label={`Remove the filter ${label}`}
            className="grid h-full w-7 place-items-center rounded-r-md"
            onClick={() => onChange(undefined)}
          >
            <X size={14} strokeWidth={1.75} aria-hidden />
          </button>
        )}
      </span>
      <Popover.Portal>
        <Popover.Content
          align="start"
          sideOffset={4}
          collisionPadding={8}
          className={cn(MENU_SURFACE, "w-[240px]")}
          aria-label={label}
        >
          <Command
            label={label}
            defaultValue={value ?? choices[0]?.value}
            className="outline-none"
            tabIndex={-1}
          >
            {searched && (
              <Command.Input
                placeholder={`Search ${label.toLowerCase()}`}
                className="mb-1 h-8 w-full border-b border-faint bg-transparent px-2 outline-none"
              />
            )}
            <Command.List className="max-h-[min(420px,60dvh)] overflow-auto" tabIndex={-1}>
              <Command.Empty className="px-2 py-3 text-muted">Nothing matches.</Command.Empty>
              {choices.map((choice) => (
                <Command.Item
                  key={choice.value}
                  value={choice.value}
                  keywords={[choice.label, choice.hint ?? ""]}
                  onSelect={() => {
                    onChange(choice.value === value && !required ? undefined : choice.value);
                    setOpen(false);
                  }}
                  className="flex min-h-8 cursor-pointer items-center gap-2 rounded-xs px-2 py-1 data-[selected=true]:bg-hover max-md:min-h-11"
                >
                  <span className="min-w-0 flex-1">
                    <span className="block truncate">{choice.label}</span>
                    {choice.hint && <span className="block truncate text-xs text-subtle">{choice.hint}</span>}
                  </span>
                  {choice.value === value && (
                    <Check size={14} strokeWidth={1.75} className="text-accent" aria-label="chosen" />
                  )}
                </Command.Item>
              ))}
            </Command.List>
          </Command>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
