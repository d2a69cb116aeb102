// The yellow banner: the Agent is newer than its Gateway. While an update runs it says which step.
import { useQuery } from "@tanstack/react-query";
import { CircleArrowUp } from "lucide-react";
import { statusQuery } from "~/shared/api/queries";
import { useStore } from "~/shared/lib/store";
import { Banner } from "~/shared/ui/banner";
import { Button } from "~/shared/ui/button";
import { isRunning, offerUpdate, updateState } from "./update-store";

export function UpdateBanner() {
  const { data: status } = useQuery(statusQuery);
  const { phase, to } = useStore(updateState);
  const running = isRunning(phase);
  if (!status || (!running && !status.gatewayUpdateAvailable)) return null;
  const show = () => offerUpdate(status);
  if (running) {
    return (
      <Banner
        tone="warning"
        icon={CircleArrowUp}
        title={`The Gateway is being updated to ${to}.`}
        action={
          <Button size="sm" onClick={show}>
            Show the steps
          </Button>
        }
      >
        {phase === "restarting"
          ? "It restarts; visitors get 503 meanwhile."
          : "Its host has the request and looks every 30 seconds."}
      </Banner>
    );
  }
  return (
    <Banner
      tone="warning"
      icon={CircleArrowUp}
      title="The Gateway is older than this Agent."
      action={
        <Button size="sm" variant="primary" onClick={show}>
          Update Gateway
        </Button>
      }
    >
      It runs {status.gatewayVersion}, the Agent {status.version}.
    </Banner>
  );
}
