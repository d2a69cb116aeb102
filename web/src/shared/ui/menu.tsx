// The menu behind "…". What destroys comes last, after a rule.
import { Ellipsis, type LucideIcon } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "../lib/cn";
import { Kbd } from "./kbd";

interface MenuProps {
  label: string;
  trigger?: ReactNode;
  align?: "start" | "end";
  width?: number;
  children: ReactNode;
}

export const MENU_SURFACE = "layer-pop z-popover rounded-md border bg-raised p-1 shadow-md outline-none";
const ITEM =
  "flex h-8 cursor-pointer items-center gap-2.5 rounded-xs px-2 outline-none select-none data-[disabled]:cursor-not-allowed data-[disabled]:text-subtle data-[highlighted]:bg-hover max-md:h-11";

export function Menu({ label, trigger, align = "end", width = 200, children }: MenuProps) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        {trigger ?? (
          <button
            type="button"
            aria-label={label}
            className="grid size-[34px] place-items-center rounded-md text-muted hover:bg-hover hover:text-ink data-[state=open]:bg-hover max-md:size-11"
          >
            <Ellipsis size={16} strokeWidth={1.75} aria-hidden />
          </button>
        )}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          aria-label={label}
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className={MENU_SURFACE}
          style={{ minWidth: width }}
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

interface MenuItemProps {
  icon?: LucideIcon;
  keys?: readonly string[];
  danger?: boolean;
  disabled?: boolean;
  onSelect?: () => void;
  asChild?: boolean;
  children: ReactNode;
}

export function MenuItem({ icon: Icon, keys, danger, disabled, onSelect, children }: MenuItemProps) {
  return (
    <DropdownMenu.Item disabled={disabled} onSelect={onSelect} className={cn(ITEM, danger && "text-danger")}>
      {Icon && (
        <Icon size={16} strokeWidth={1.75} className={danger ? undefined : "text-subtle"} aria-hidden />
      )}
      <span className="flex-1">{children}</span>
      {keys && <Kbd keys={keys} className="max-md:hidden" />}
    </DropdownMenu.Item>
  );
}

export function MenuRule() {
  return <DropdownMenu.Separator className="my-1 border-t border-faint" />;
}

interface MenuChoicesProps<Value extends string> {
  value: Value;
  choices: readonly { value: Value; label: string }[];
  onChange: (value: Value) => void;
}

export function MenuChoices<Value extends string>({ value, choices, onChange }: MenuChoicesProps<Value>) {
  return (
    <DropdownMenu.RadioGroup value={value}>
      {choices.map((choice) => (
        <DropdownMenu.RadioItem
          key={choice.value}
          value={choice.value}
          onSelect={() => onChange(choice.value)}
          className={ITEM}
        >
          <span className="flex-1">{choice.label}</span>
          <DropdownMenu.ItemIndicator className="text-accent">✓</DropdownMenu.ItemIndicator>
        </DropdownMenu.RadioItem>
      ))}
    </DropdownMenu.RadioGroup>
  );
}
