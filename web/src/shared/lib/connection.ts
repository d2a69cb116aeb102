// How the tunnel's state is said and coloured; one place, so that badge, strip and banner never disagree.
import type { Status } from "../api/types";

export interface ConnectionWord {
  word: string;
  tone: "success" | "warning" | "danger";
  look: "up" | "busy" | "cut";
}

export function connectionWord(status: Status): ConnectionWord {
  switch (status.connectionStatus) {
    case "Connected":
      return { word: "Connected", tone: "success", look: "up" };
    case "Disconnected":
      return { word: "Disconnected", tone: "danger", look: "cut" };
    case "Reconnecting":
      return { word: "Reconnecting", tone: "danger", look: "cut" };
    case "Connecting":
    case "Authenticating":
    case "Syncing":
      return { word: status.connectionStatus, tone: "warning", look: "busy" };
    default:
      return { word: String(status.connectionStatus), tone: "warning", look: "busy" };
  }
}

export function isUp(status: Status): boolean {
  return status.connectionStatus === "Connected";
}

/**
 * The Gateway as people know it. It calls itself by its public name, if that was set; else by its machine, which in a container is a
 * row of digits, and then the name that the Agent dials says more.
 */
export function gatewayName(status: Pick<Status, "gatewayHost" | "gatewayUrl">): string {
  const { gatewayHost } = status;
  if (gatewayHost?.includes(".")) return gatewayHost;
  const dialled = URL.canParse(status.gatewayUrl) ? new URL(status.gatewayUrl).hostname : "";
  const isName = /[a-z]/i.test(dialled.split(".").at(-1) ?? "") && dialled.includes(".");
  return isName ? dialled : (gatewayHost ?? "the Gateway");
}
