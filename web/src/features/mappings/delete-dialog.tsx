// Deleting a mapping: plain while it had no traffic today, by typing its address when it had.
import { useQuery } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { asApiError } from "~/shared/api/error";
import { mappingStatsQuery } from "~/shared/api/queries";
import type { Mapping } from "~/shared/api/types";
import { plural } from "~/shared/lib/format";
import { notify } from "~/shared/lib/notify";
import { Button } from "~/shared/ui/button";
import { Dialog } from "~/shared/ui/dialog";
import { Field } from "~/shared/ui/field";
import { TextInput } from "~/shared/ui/input";
import { useDeleteMapping } from "./api";

interface DeleteDialogProps {
  mapping: Mapping;
  onClose: () => void;
  onTurnOff: (mapping: Mapping) => void;
}

export function DeleteDialog({ mapping, onClose, onTurnOff }: DeleteDialogProps) {
  const today =
    useQuery(mappingStatsQuery).data?.mappings.find((row) => row.mappingId === mapping.id)?.requests ?? 0;
  const [typed, setTyped] = useState("");
  const remove = useDeleteMapping();
  const form = useId();
  const mustType = today > 0;
  const ready = !mustType || typed.trim().toLowerCase() === mapping.externalDomain;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!ready) return;
    remove.mutate(mapping, {
      onSuccess: () => {
        notify.success({
          title: `“${mapping.name}” is deleted`,
          detail: `Visitors of ${mapping.externalDomain} get 404.`,
        });
        onClose();
      },
      onError: (error) => {
        notify.failure({ title: `“${mapping.name}” was not deleted`, detail: asApiError(error).message });
        onClose();
      },
    });
  };
  return (
    <Dialog
      open
      onClose={onClose}
      closable
      mayClose={() => typed === ""}
      icon={Trash2}
      tone="danger"
      title={`Delete “${mapping.name}”?`}
      foot={
        <>
          {mapping.enabled && (
            <Button
              variant="ghost"
              className="mr-auto"
              onClick={() => {
                onTurnOff(mapping);
                onClose();
              }}
            >
              Turn off instead
            </Button>
          )}
          <Button autoFocus={!mustType} onClick={onClose}>
            Keep it
          </Button>
          <Button
            type="submit"
            form={form}
            variant="danger"
            busy={remove.isPending}
            disabled={!ready}
            title={ready ? undefined : "Type the address first"}
          >
            Delete
          </Button>
        </>
      }
    >
      <p>
        {mustType && (
          <>
            It answered <b className="nums text-ink">{plural(today, "request")} today</b>.{" "}
          </>
        )}
        Visitors of <b className="text-ink [overflow-wrap:anywhere]">{mapping.externalDomain}</b> will get 404
        at once. Its request log stays.
      </p>
      <form id={form} onSubmit={submit}>
        {mustType && (
          <Field
            label={
              <span className="text-sm text-ink">
                Type <span className="mono [overflow-wrap:anywhere]">{mapping.externalDomain}</span> to
                confirm
              </span>
            }
          >
            <TextInput
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              autoCapitalize="none"
            />
          </Field>
        )}
      </form>
    </Dialog>
  );
}
