// Asks for a time and jumps to it.
import { Clock } from "lucide-react";
import { Popover } from "radix-ui";
import { type FormEvent, useState } from "react";
import { Button } from "~/shared/ui/button";
import { Field } from "~/shared/ui/field";
import { TextInput } from "~/shared/ui/input";
import { MENU_SURFACE } from "~/shared/ui/menu";

/** `YYYY-MM-DDTHH:MM` in the browser's zone, as the input wants it. */
function localMinute(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function JumpToTime({ busy, onJump }: { busy: boolean; onJump: (at: number) => void }) {
  const [open, setOpen] = useState(false);
  const [value, setValue] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const at = new Date(value).getTime();
    if (Number.isNaN(at)) return;
    onJump(at);
    setOpen(false);
  };
  return (
    <Popover.Root
      open={open}
      onOpenChange={(next) => {
        setOpen(next);
        if (next) setValue(localMinute(new Date()));
      }}
    >
      <Popover.Trigger asChild>
        <Button icon={Clock} busy={busy}>
          Jump to time
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="start"
          sideOffset={4}
          collisionPadding={8}
          aria-label="Jump to time"
          className={`${MENU_SURFACE} w-[260px] p-3!`}
        >
          <form onSubmit={submit} className="grid gap-3">
            <Field
              label="Show lines from"
              hint="In this browser's time zone. Older lines are loaded as needed."
            >
              <TextInput
                type="datetime-local"
                value={value}
                onChange={(event) => setValue(event.target.value)}
              />
            </Field>
            <Button type="submit" variant="primary">
              Jump
            </Button>
          </form>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
