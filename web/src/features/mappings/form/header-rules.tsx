// The headers that are set and removed on the way, in one direction.
import { Plus, Trash2 } from "lucide-react";
import { type Control, type FieldPath, useFieldArray, useFormContext } from "react-hook-form";
import { Button } from "~/shared/ui/button";
import { FieldGroup } from "~/shared/ui/field";
import { IconButton } from "~/shared/ui/icon-button";
import { InputBox } from "~/shared/ui/input";
import type { MappingValues } from "./schema";

type Direction = "requestHeaders" | "responseHeaders";

const INPUT = "mono h-full w-full min-w-0 bg-transparent text-xs outline-none";

export function HeaderRules({
  direction,
  control,
}: {
  direction: Direction;
  control: Control<MappingValues>;
}) {
  const what = direction === "requestHeaders" ? "request" : "answer";
  const set = useFieldArray({ control, name: `${direction}.set` });
  const remove = useFieldArray({ control, name: `${direction}.remove` });
  return (
    <FieldGroup label={`Headers of the ${what}`}>
      <div className="grid gap-2">
        {set.fields.map((field, index) => (
          <div key={field.id} className="flex items-start gap-2">
            <Cell
              path={`${direction}.set.${index}.name`}
              label={`Name of header ${index + 1} set on the ${what}`}
              placeholder="X-Header"
            />
            <Cell
              path={`${direction}.set.${index}.value`}
              label={`Value of header ${index + 1} set on the ${what}`}
              placeholder="value"
            />
            <IconButton
              icon={Trash2}
              label={`Do not set header ${index + 1}`}
              onClick={() => set.remove(index)}
            />
          </div>
        ))}
        {remove.fields.map((field, index) => (
          <div key={field.id} className="flex items-start gap-2">
            <Cell
              path={`${direction}.remove.${index}.name`}
              label={`Name of header ${index + 1} removed from the ${what}`}
              placeholder="X-Header"
            />
            <span className="flex h-control w-full items-center text-xs text-subtle">is removed</span>
            <IconButton
              icon={Trash2}
              label={`Do not remove header ${index + 1}`}
              onClick={() => remove.remove(index)}
            />
          </div>
        ))}
        <div className="-ml-2.5 flex items-center gap-2">
          <Button size="sm" variant="ghost" icon={Plus} onClick={() => set.append({ name: "", value: "" })}>
            Set a header
          </Button>
          <Button size="sm" variant="ghost" icon={Plus} onClick={() => remove.append({ name: "" })}>
            Remove a header
          </Button>
        </div>
      </div>
    </FieldGroup>
  );
}

function Cell({
  path,
  label,
  placeholder,
}: {
  path: FieldPath<MappingValues>;
  label: string;
  placeholder: string;
}) {
  const { register, getFieldState, formState } = useFormContext<MappingValues>();
  const { error } = getFieldState(path, formState);
  return (
    <div className="w-full min-w-0">
      <InputBox invalid={!!error}>
        <input
          className={INPUT}
          aria-label={label}
          aria-invalid={!!error || undefined}
          placeholder={placeholder}
          autoComplete="off"
          spellCheck={false}
          {...register(path)}
        />
      </InputBox>
      {error && <p className="mt-1 text-xs text-danger">{error.message}</p>}
    </div>
  );
}
