// What is said when a mapping was saved: whether it is live, waits, or was refused by the Gateway.
import type { Mapping } from "~/shared/api/types";
import { notify } from "~/shared/lib/notify";

export function tellSaved(mapping: Mapping, created: boolean): void {
  const name = `“${mapping.name}”`;
  const address = `https://${mapping.externalDomain}`;
  const open = { label: "Open", run: () => void window.open(address, "_blank", "noreferrer") };
  const { state, reason } = mapping.gateway;
  switch (state) {
    case "live":
      notify.success({
        title: created ? `${name} is live` : `${name} is saved and live`,
        detail: address,
        action: open,
      });
      return;
    case "refused":
      notify.failure({
        title: `${name} is saved, but not live`,
        detail: reason ?? "The Gateway refused the address.",
      });
      return;
    case "pending":
      notify.info({
        title: `${name} is saved, not live yet`,
        detail: reason ?? "It goes live as soon as the Gateway confirms it.",
      });
      return;
    case "off":
      notify.success({
        title: `${name} is saved and off`,
        detail: `Visitors of ${mapping.externalDomain} get 404.`,
      });
  }
}
