// What can be done with one mapping, wherever it is shown: in a row, on a card, by a key.
import { useNavigate } from "@tanstack/react-router";
import { asApiError } from "~/shared/api/error";
import type { Mapping } from "~/shared/api/types";
import { notify, UNDO_MS } from "~/shared/lib/notify";
import { useToggleMapping } from "./api";

export interface MappingActions {
  toggle: (mapping: Mapping, enabled: boolean) => void;
  edit: (mapping: Mapping) => void;
  duplicate: (mapping: Mapping) => void;
  inspect: (mapping: Mapping) => void;
  requests: (mapping: Mapping) => void;
}

function told(mapping: Mapping): { title: string; detail: string } {
  const name = `“${mapping.name}”`;
  const { state, reason } = mapping.gateway;
  if (!mapping.enabled)
    return { title: `${name} is off`, detail: `Visitors of ${mapping.externalDomain} get 404.` };
  if (state === "refused")
    return {
      title: `${name} is on, but refused`,
      detail: reason ?? "The Gateway does not take this address.",
    };
  if (state === "pending")
    return {
      title: `${name} is on, not live yet`,
      detail: reason ?? "The Gateway has not confirmed it yet.",
    };
  return { title: `${name} is live`, detail: `https://${mapping.externalDomain}` };
}

/** A mapping of the configuration file is shown, and can be changed there alone. */
export function tellReadOnly(mapping: Mapping): void {
  notify.info({
    title: `“${mapping.name}” comes from the configuration`,
    detail: "Change it there and restart the Agent.",
  });
}

export function useMappingActions(): MappingActions {
  const navigate = useNavigate();
  const { mutate } = useToggleMapping();
  const toggle = (mapping: Mapping, enabled: boolean, undoable = true) =>
    mutate(
      { mapping, enabled },
      {
        onSuccess: (changed) => {
          const undo = { label: "Undo", run: () => toggle(changed, !enabled, false) };
          const tone = changed.gateway.state === "refused" ? "failure" : "success";
          notify[tone]({ ...told(changed), action: undoable ? undo : undefined, lasts: UNDO_MS });
        },
        onError: (error) =>
          notify.failure({
            title: `“${mapping.name}” was not turned ${enabled ? "on" : "off"}`,
            detail: `${asApiError(error).message} Nothing was changed.`,
            action: { label: "Try again", run: () => toggle(mapping, enabled) },
          }),
      },
    );
  return {
    toggle: (mapping, enabled) => (mapping.readOnly ? tellReadOnly(mapping) : toggle(mapping, enabled)),
    edit: (mapping) => void navigate({ to: "/mappings/$id", params: { id: mapping.id }, search: true }),
    duplicate: (mapping) => void navigate({ to: "/mappings/new", search: { from: mapping.id } }),
    inspect: (mapping) =>
      void navigate({ to: "/inspector", search: { url: `https://${mapping.externalDomain}/` } }),
    requests: (mapping) => void navigate({ to: "/requests", search: { mapping: mapping.id } }),
  };
}
