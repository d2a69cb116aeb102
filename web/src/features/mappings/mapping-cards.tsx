// Mappings as cards, for those who have few.
import { Link } from "@tanstack/react-router";
import { count, milliseconds, share } from "~/shared/lib/format";
import { routeProblem, routeState, Service } from "~/shared/ui/route";
import { Spark } from "~/shared/ui/spark";
import { Switch } from "~/shared/ui/switch";
import { RelativeTime } from "~/shared/ui/time";
import { MappingMenu } from "./mapping-menu";
import type { MappingViewProps } from "./mappings-page";
import type { Row } from "./rows";

export function MappingCards({ rows, actions, onDelete }: MappingViewProps) {
  return (
    <ul className="grid grid-cols-[repeat(auto-fill,minmax(330px,1fr))] gap-4 max-md:grid-cols-1 max-md:gap-3">
      {rows.map((row) => (
        <MappingCard key={row.mapping.id} row={row} actions={actions} onDelete={onDelete} />
      ))}
    </ul>
  );
}

type CardProps = { row: Row } & Pick<MappingViewProps, "actions" | "onDelete">;

function MappingCard({ row: { mapping, today }, actions, onDelete }: CardProps) {
  const state = routeState(mapping);
  return (
    <li
      data-row={mapping.id}
      className="relative grid min-w-0 grid-cols-[minmax(0,1fr)] content-start gap-3.5 rounded-lg border bg-surface p-4 shadow-xs hover:border-strong"
    >
      <div className="flex items-start gap-2.5">
        <div className="min-w-0 flex-1">
          <h2 className="truncate text-md font-semibold tracking-tight">
            <Link
              to="/mappings/$id"
              params={{ id: mapping.id }}
              search
              data-row-link
              className={`no-underline! after:absolute after:inset-0 ${mapping.enabled ? "text-ink!" : "text-muted!"}`}
            >
              {mapping.name}
            </Link>
          </h2>
          <p className="truncate text-xs text-subtle">
            <Since mapping={mapping} />
          </p>
        </div>
        <span className="relative z-1 mt-px">
          <Switch
            checked={mapping.enabled}
            label={`${mapping.name} on`}
            onChange={(on) => actions.toggle(mapping, on)}
          />
        </span>
        <span className="relative z-1 -my-2 -mr-2">
          <MappingMenu mapping={mapping} actions={actions} onDelete={onDelete} />
        </span>
      </div>
      <div className="grid grid-cols-[10px_minmax(0,1fr)] gap-x-3">
        <span className="route-rail" data-state={state} aria-hidden>
          <i />
        </span>
        <a
          href={`https://${mapping.externalDomain}`}
          target="_blank"
          rel="noreferrer"
          className="relative z-1 truncate justify-self-start py-0.5"
          title={mapping.externalDomain}
        >
          {mapping.externalDomain}
        </a>
        <span className="min-w-0 py-0.5">
          <Service mapping={mapping} scheme />
        </span>
      </div>
      <Sums today={today} />
    </li>
  );
}

function Since({ mapping }: Pick<Row, "mapping">) {
  const problem = routeProblem(mapping);
  if (problem)
    return (
      <span className={routeState(mapping) === "failing" ? "text-danger" : "text-warning"}>{problem}</span>
    );
  const word = mapping.enabled ? "Live" : "Off";
  if (!mapping.gateway.since) return word;
  return (
    <span className="relative z-1">
      {word} since <RelativeTime at={mapping.gateway.since} />
    </span>
  );
}

function Sums({ today }: Pick<Row, "today">) {
  const requests = today?.requests ?? 0;
  const failed = today && requests > 0 ? (today.failures / requests) * 100 : null;
  const facts = [
    { name: "Today", value: count(requests), tone: "" },
    {
      name: "Failed",
      value: failed === null ? "–" : `${share(today?.failures ?? 0, requests)} %`,
      tone: failed !== null && failed >= 0.5 ? "text-warning" : "",
    },
    { name: "p95", value: milliseconds(today?.p95Ms), tone: "" },
  ];
  return (
    <div className="flex items-end gap-5 border-t border-faint pt-3 max-md:gap-4">
      <dl className="flex gap-5 max-md:gap-4">
        {facts.map((fact) => (
          <div key={fact.name}>
            <dt className="text-xs text-subtle">{fact.name}</dt>
            <dd className={`nums font-medium ${fact.tone}`}>{fact.value}</dd>
          </div>
        ))}
      </dl>
      <Spark counts={today?.spark ?? []} className="ml-auto h-[22px] w-full max-w-24" />
    </div>
  );
}
