// Keys as they are printed on a keyboard.
export function Kbd({ keys, className }: { keys: readonly string[]; className?: string }) {
  return (
    <span className={`inline-flex gap-[3px] ${className ?? ""}`}>
      {keys.map((key) => (
        <kbd
          key={key}
          className="inline-grid h-[19px] min-w-[19px] place-items-center rounded-xs border border-b-strong border-line bg-sunken px-[5px] font-sans text-2xs leading-none font-medium text-muted"
        >
          {key}
        </kbd>
      ))}
    </span>
  );
}
