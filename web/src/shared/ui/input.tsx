// Text inputs: a box with an optional icon, text before and after, and the input itself.
import { ChevronDown, type LucideIcon, Search, X } from "lucide-react";
import { type ComponentProps, type ReactNode, useEffect, useRef, useState } from "react";
import { cn } from "../lib/cn";
import { useShortcut } from "../lib/shortcuts";
import { useField } from "./field";
import { Kbd } from "./kbd";

interface InputBoxProps {
  invalid?: boolean;
  quiet?: boolean;
  disabled?: boolean;
  large?: boolean;
  className?: string;
  children: ReactNode;
}

export function InputBox({ invalid, quiet, disabled, large, className, children }: InputBoxProps) {
  return (
    <div
      className={cn(
        "flex min-w-0 items-center gap-2 rounded-md border px-2.5 focus-within:border-focus focus-within:shadow-[0_0_0_3px_color-mix(in_oklch,var(--focus)_22%,transparent)]",
        large ? "h-[42px] text-md" : "h-control",
        disabled ? "border-line bg-sunken text-subtle" : "bg-surface",
        !disabled && (invalid ? "border-danger-solid" : quiet ? "border-strong" : "border-control"),
        className,
      )}
    >
      {children}
    </div>
  );
}

interface TextInputProps extends ComponentProps<"input"> {
  icon?: LucideIcon;
  before?: ReactNode;
  after?: ReactNode;
  large?: boolean;
  /** For inputs without a `Field` of their own. */
  invalid?: boolean;
  boxClass?: string;
}

const BARE = "h-full w-full min-w-0 border-0 bg-transparent p-0 outline-none";

/** Inside a `Field` it takes its id, description and error state from there. */
export function TextInput({
  icon: Icon,
  before,
  after,
  large,
  invalid,
  boxClass,
  className,
  disabled,
  ...rest
}: TextInputProps) {
  const field = useField();
  const wrong = invalid ?? field?.invalid;
  return (
    <InputBox invalid={wrong} disabled={disabled} large={large} className={boxClass}>
      {Icon && <Icon size={16} strokeWidth={1.75} className="text-subtle" aria-hidden />}
      {before && <span className="whitespace-nowrap text-subtle">{before}</span>}
      <input
        id={field?.id}
        aria-invalid={wrong || undefined}
        aria-describedby={field?.describedBy}
        disabled={disabled}
        autoComplete="off"
        spellCheck={false}
        className={cn(BARE, className)}
        {...rest}
      />
      {after && <span className="whitespace-nowrap text-subtle">{after}</span>}
    </InputBox>
  );
}

export function Select({
  className,
  boxClass,
  children,
  ...rest
}: ComponentProps<"select"> & { boxClass?: string }) {
  const field = useField();
  return (
    <span className={cn("relative block min-w-0", boxClass)}>
      <select
        id={field?.id}
        aria-invalid={field?.invalid || undefined}
        aria-describedby={field?.describedBy}
        className={cn(
          "h-control w-full appearance-none truncate rounded-md border border-control bg-surface pr-8 pl-2.5 focus:border-focus",
          className,
        )}
        {...rest}
      >
        {children}
      </select>
      <ChevronDown
        size={14}
        strokeWidth={1.75}
        className="pointer-events-none absolute top-1/2 right-2.5 -translate-y-1/2 text-subtle"
        aria-hidden
      />
    </span>
  );
}

interface SearchInputProps {
  label: string;
  placeholder?: string;
  value: string;
  onChange: (value: string) => void;
  /** Shown at the end while there is text, such as "1 of 7". */
  note?: ReactNode;
  onEnter?: (backwards: boolean) => void;
  className?: string;
}

/** The search of a page; "/" puts the cursor into it, Escape clears it. */
export function SearchInput({
  label,
  placeholder = label,
  value,
  onChange,
  note,
  onEnter,
  className,
}: SearchInputProps) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useTyped(value, onChange);
  useShortcut("/", () => input.current?.focus());
  return (
    <InputBox quiet className={className}>
      <Search size={16} strokeWidth={1.75} className="text-subtle" aria-hidden />
      <input
        ref={input}
        type="search"
        enterKeyHint="search"
        aria-label={label}
        placeholder={placeholder}
        value={text}
        autoComplete="off"
        spellCheck={false}
        className={cn(BARE, "[&::-webkit-search-cancel-button]:hidden")}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") onEnter?.(event.shiftKey);
          if (event.key !== "Escape") return;
          if (text) setText("");
          else event.currentTarget.blur();
        }}
      />
      {text && note && <span className="nums text-xs whitespace-nowrap text-subtle">{note}</span>}
      {text ? (
        <button
          type="button"
          aria-label="Clear the search"
          className="-mr-1 grid size-6 place-items-center rounded-xs text-subtle hover:text-ink"
          onClick={() => setText("")}
        >
          <X size={14} strokeWidth={1.75} aria-hidden />
        </button>
      ) : (
        <Kbd keys={["/"]} className="max-md:hidden" />
      )}
    </InputBox>
  );
}

/** What is typed shows at once; the address behind `value` follows a moment later, and wins when it changes by itself. */
function useTyped(value: string, onChange: (value: string) => void): [string, (text: string) => void] {
  const [text, setText] = useState(value);
  const awaited = useRef<string | null>(null);
  useEffect(() => {
    // While something typed is on its way, older values that arrive are not news.
    if (awaited.current === null) setText(value);
    else if (awaited.current === value) awaited.current = null;
  }, [value]);
  const type = (next: string) => {
    setText(next);
    awaited.current = next === value ? null : next;
    onChange(next);
  };
  return [text, type];
}
