// The first run: three steps and the form in place. Nothing else to read.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, ExternalLink, FileUp, Keyboard, type LucideIcon, Palette } from "lucide-react";
import type { ReactNode } from "react";
import { mappingsQuery, statusQuery } from "~/shared/api/queries";
import { cn } from "~/shared/lib/cn";
import { gatewayName, isUp } from "~/shared/lib/connection";
import { failureWords } from "~/shared/lib/failure-words";
import { duration } from "~/shared/lib/format";
import { useNow } from "~/shared/lib/use-now";
import { buttonStyle } from "~/shared/ui/button";
import { Callout } from "~/shared/ui/callout";
import { Card } from "~/shared/ui/card";
import { useShell } from "~/shared/ui/shell-context";

interface FirstRunProps {
  form: ReactNode;
  domainNote: (domain: string) => ReactNode;
}

export function FirstRun({ form, domainNote }: FirstRunProps) {
  const first = useQuery(mappingsQuery).data?.mappings[0];
  const { openHelp } = useShell();
  return (
    <>
      <Steps step={first ? 3 : 2} />
      {first ? (
        <Callout
          tone={first.gateway.state === "live" ? "success" : "info"}
          title={first.gateway.state === "live" ? `“${first.name}” is live.` : `“${first.name}” is saved.`}
          action={
            <a
              className={buttonStyle({ size: "sm" })}
              href={`https://${first.externalDomain}`}
              target="_blank"
              rel="noreferrer"
            >
              <ExternalLink size={14} strokeWidth={1.75} aria-hidden />
              Open it
            </a>
          }
        >
          <p>
            {first.gateway.reason ??
              `Open https://${first.externalDomain} from anywhere. This page changes with its first request.`}
          </p>
          <p>{domainNote(first.externalDomain)}</p>
        </Callout>
      ) : (
        form
      )}
      <div className="grid grid-cols-3 gap-4 max-md:grid-cols-1 max-md:gap-3">
        <Hint
          icon={FileUp}
          title="Coming from another tunnel?"
          action={<Link to="/settings/data">Import</Link>}
        >
          Import mappings from a file. You see what changes before anything does.
        </Hint>
        <Hint
          icon={Palette}
          title="Show a face"
          action={<Link to="/settings/landing">Edit landing page</Link>}
        >
          Visitors of a name without mapping meet your landing page.
        </Hint>
        <Hint
          icon={Keyboard}
          title="Use the keyboard"
          action={
            <button type="button" className="text-accent hover:underline" onClick={openHelp}>
              Show shortcuts
            </button>
          }
        >
          Ctrl K finds every page, mapping and action. The ? key lists the rest.
        </Hint>
      </div>
    </>
  );
}

function Steps({ step }: { step: 2 | 3 }) {
  const status = useQuery(statusQuery).data;
  const now = useNow(10_000);
  const up = status ? isUp(status) : false;
  const held = status?.connectedSince
    ? duration((now - new Date(status.connectedSince).getTime()) / 1000)
    : null;
  return (
    <Card aria-label="First steps">
      <ol className="grid grid-cols-3 max-md:grid-cols-1">
        <Step number={1} state={up ? "done" : "now"} title="Connect the Agent">
          {up ? (
            <>
              Done. The tunnel to{" "}
              <b className="font-medium break-words text-ink">{status && gatewayName(status)}</b>{" "}
              {held ? `has been up for ${held}.` : "is up."}
            </>
          ) : (
            <>
              The tunnel is not up yet.{" "}
              {failureWords(status?.lastError ?? "The Agent is dialling the Gateway.")}
            </>
          )}
        </Step>
        <Step number={2} state={step > 2 ? "done" : up ? "now" : "later"} title="Map a domain to a service">
          Say which public name leads to which host and port in your network. It is live as soon as you save.
        </Step>
        <Step number={3} state={step === 3 && up ? "now" : "later"} title="Open it">
          Visit the address from anywhere. Its requests show up here and in the request log.
        </Step>
      </ol>
    </Card>
  );
}

interface StepProps {
  number: number;
  state: "done" | "now" | "later";
  title: string;
  children: ReactNode;
}

function Step({ number, state, title, children }: StepProps) {
  const look = {
    done: "border-success bg-success-subtle text-success",
    now: "border-accent-solid bg-accent text-on-accent",
    later: "border-control text-muted",
  }[state];
  return (
    <li
      aria-current={state === "now" ? "step" : undefined}
      className="grid content-start gap-1.5 border-r border-faint p-5 last:border-0 max-md:grid-cols-[24px_1fr] max-md:gap-x-3.5 max-md:border-r-0 max-md:border-b max-md:p-4"
    >
      <span
        className={cn(
          "mb-1.5 grid size-6 place-items-center rounded-full border-[1.5px] text-xs font-semibold max-md:row-span-2",
          look,
        )}
      >
        {state === "done" ? <Check size={14} strokeWidth={2} aria-label="done" /> : number}
      </span>
      <h2 className="text-md font-semibold">{title}</h2>
      <p className="text-muted">{children}</p>
    </li>
  );
}

function Hint({
  icon: Icon,
  title,
  action,
  children,
}: {
  icon: LucideIcon;
  title: string;
  action: ReactNode;
  children: ReactNode;
}) {
  return (
    <Card className="grid content-start gap-2 p-4">
      <h2 className="flex items-center gap-2.5 font-semibold">
        <Icon size={16} strokeWidth={1.75} aria-hidden />
        {title}
      </h2>
      <p className="text-muted">{children}</p>
      <p>{action}</p>
    </Card>
  );
}
