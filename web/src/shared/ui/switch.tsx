// On or off, at once. Whoever uses it shows the toast with Undo and rolls back on failure.
import { Switch as Radix } from "radix-ui";

interface SwitchProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  label?: string;
  id?: string;
  busy?: boolean;
  describedBy?: string;
}

export function Switch({ checked, onChange, label, id, busy, describedBy }: SwitchProps) {
  return (
    <Radix.Root
      id={id}
      className="switch"
      checked={checked}
      onCheckedChange={onChange}
      aria-label={label}
      aria-busy={busy || undefined}
      aria-describedby={describedBy}
    >
      <Radix.Thumb />
    </Radix.Root>
  );
}
