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
