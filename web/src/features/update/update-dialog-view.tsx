// What the update dialog shows in each phase.
import { useQuery } from "@tanstack/react-query";
import {
  ArrowRight,
  Circle,
  CircleArrowUp,
  CircleCheck,
  CircleX,
  ClockAlert,
  Copy,
  Hourglass,
  LoaderCircle,
  type LucideIcon,
  RotateCw,
} from "lucide-react";
import type { ReactNode } from "react";
import { statusQuery } from "~/shared/api/queries";
import { cn } from "~/shared/lib/cn";
import { copyText } from "~/shared/lib/copy";
import { countdown, duration, plural } from "~/shared/lib/format";
import { useNow } from "~/shared/lib/use-now";
import { Badge } from "~/shared/ui/badge";
import { Button } from "~/shared/ui/button";
import { Dialog } from "~/shared/ui/dialog";
import { closeUpdate, keepWaiting, startUpdate, type UpdatePhase, type UpdateState } from "./update-store";

interface Look {
  icon: LucideIcon;
  tone: "accent" | "success" | "danger" | "warning";
  title: string;
}

function lookOf({ phase, to }: UpdateState): Look {
  const looks: Record<Exclude<UpdatePhase, "idle">, Look> = {
    offer: { icon: CircleArrowUp, tone: "accent", title: "Update the Gateway" },
    asking: { icon: Hourglass, tone: "accent", title: "Asking the Gateway" },
    waiting: { icon: Hourglass, tone: "accent", title: "Waiting for the host" },
    restarting: { icon: RotateCw, tone: "accent", title: "The Gateway restarts" },
    done: { icon: CircleCheck, tone: "success", title: `The Gateway runs ${to}` },
    refused: { icon: CircleX, tone: "danger", title: "The update was refused" },
    "timed-out": { icon: ClockAlert, tone: "warning", title: "No new version after 5 minutes" },
  };
  return looks[phase === "idle" ? "offer" : phase];
}

export function UpdateDialogView({ state }: { state: UpdateState }) {
  const look = lookOf(state);
  return (
    <Dialog
      open
      onClose={closeUpdate}
      icon={look.icon}
      tone={look.tone}
      title={look.title}
      foot={<Foot state={state} />}
    >
      <Body state={state} />
    </Dialog>
  );
}

const COMMANDS = "systemctl status octoporty-updater.timer\njournalctl -u octoporty-updater -n 50";
const updateCommand = (to: string) => `sudo ./update-gateway.sh ${to}`;

function Body({ state }: { state: UpdateState }): ReactNode {
  const mappings = useQuery(statusQuery).data?.mappings.live ?? 0;
  switch (state.phase) {
    case "idle":
    case "offer":
      return (
        <>
          <p className="flex items-center gap-2.5">
            <Badge>{state.from}</Badge>
            <ArrowRight size={14} strokeWidth={1.75} aria-label="to" />
            <Badge tone="accent">{state.to}</Badge>
          </p>
          <p>
            The Gateway restarts, so visitors get 503 for about 20 seconds. WebSocket connections are closed.
            If the new version is not healthy, the host goes back to {state.from}.
          </p>
        </>
      );
    case "asking":
    case "waiting":
      return (
        <>
          <p>The Gateway took the request. Its host looks every 30 seconds.</p>
          <Steps state={state} />
        </>
      );
    case "restarting":
      return (
        <>
          <p>The tunnel is down on purpose and comes back by itself.</p>
          <Steps state={state} />
        </>
      );
    case "done":
      return (
        <>
          <p>
            {state.lostAt !== undefined && state.doneAt !== undefined ? (
              <>
                Visitors were without service for{" "}
                <b className="nums text-ink">{duration((state.doneAt - state.lostAt) / 1000)}</b>.
              </>
            ) : (
              "The restart was too short to be noticed here."
            )}{" "}
            {plural(mappings, "mapping")} live.
          </p>
          <Steps state={state} />
        </>
      );
    case "refused":
      return (
        <>
          <p>{state.message} To update it by hand, run on its host:</p>
          <pre className="code">{updateCommand(state.to)}</pre>
        </>
      );
    case "timed-out":
      return (
        <>
          <p>
            The Gateway still runs {state.from}. Most often the updater timer is not installed on its host.
            Look there with:
          </p>
          <pre className="code">{COMMANDS}</pre>
          <Steps state={state} />
        </>
      );
  }
}

interface Step {
  name: string;
  state: "done" | "now" | "later" | "failed";
  at: number | undefined;
}

function stepsOf(state: UpdateState, now: number): Step[] {
  const { phase, startedAt = now, restartedAt, doneAt, to } = state;
  const since = (at: number | undefined) => (at === undefined ? undefined : (at - startedAt) / 1000);
  const order: UpdatePhase[] = ["asking", "waiting", "restarting", "done"];
  const reached = phase === "timed-out" ? 1 : order.indexOf(phase);
  const at = (index: number): Step["state"] =>
    phase === "done" || index < reached ? "done" : index === reached ? "now" : "later";
  return [
    { name: "Request sent to the Gateway", state: at(0), at: 0 },
    phase === "timed-out"
      ? { name: "The host did not take the request", state: "failed", at: since(now) }
      : {
          name: `${at(1) === "done" ? "Host fetched" : "Waiting for the host to fetch"} ${to}`,
          state: at(1),
          at: at(1) === "now" ? since(now) : since(restartedAt),
        },
    {
      name: "Gateway restarts",
      state: at(2),
      at: at(2) === "now" ? since(now) : at(2) === "done" ? since(restartedAt) : undefined,
    },
    { name: "Tunnel is back, version checked", state: at(3), at: since(doneAt) },
  ];
}

const ICONS: Record<Step["state"], LucideIcon> = {
  done: CircleCheck,
  now: LoaderCircle,
  later: Circle,
  failed: CircleX,
};
const COLOURS: Record<Step["state"], string> = {
  done: "text-muted [&>svg]:text-success",
  now: "font-medium text-ink [&>svg]:text-accent",
  later: "text-muted",
  failed: "text-danger",
};

function Steps({ state }: { state: UpdateState }) {
  const now = useNow(1000);
  return (
    <ol className="text-sm">
      {stepsOf(state, now).map((step) => {
        const Icon = ICONS[step.state];
        return (
          <li
            key={step.name}
            aria-current={step.state === "now" ? "step" : undefined}
            className={cn("flex items-center gap-3 py-[7px]", COLOURS[step.state])}
          >
            <Icon
              size={16}
              strokeWidth={1.75}
              className={step.state === "now" ? "spin" : undefined}
              aria-hidden
            />
            <span className="flex-1">
              {step.name}
              {step.state === "done" && <span className="sr-only">, done</span>}
            </span>
            {step.at !== undefined && (
              <span className="nums font-regular text-subtle">{countdown(step.at)}</span>
            )}
          </li>
        );
      })}
    </ol>
  );
}

function Foot({ state }: { state: UpdateState }): ReactNode {
  switch (state.phase) {
    case "idle":
    case "offer":
      return (
        <>
          <Button variant="ghost" onClick={closeUpdate}>
            Not now
          </Button>
          <Button variant="primary" onClick={() => void startUpdate()}>
            Update Gateway
          </Button>
        </>
      );
    case "asking":
    case "waiting":
    case "restarting":
      return (
        <>
          <span className="mr-auto text-xs text-muted">You can close this; the update goes on.</span>
          <Button onClick={closeUpdate}>Close</Button>
        </>
      );
    case "done":
      return (
        <Button variant="primary" onClick={closeUpdate}>
          Done
        </Button>
      );
    case "refused":
      return (
        <>
          <Button icon={Copy} onClick={() => copyText(updateCommand(state.to), "The command")}>
            Copy command
          </Button>
          <Button variant="primary" onClick={closeUpdate}>
            Close
          </Button>
        </>
      );
    case "timed-out":
      return (
        <>
          <Button variant="ghost" onClick={keepWaiting}>
            Keep waiting
          </Button>
          <Button variant="primary" onClick={() => void startUpdate()}>
            Try again
          </Button>
        </>
      );
  }
}
