// Mappings as a table: switch, name, route, what today brought. Long lists are virtual.
import { Link } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import { type ReactNode, useLayoutEffect, useRef, useState } from "react";
import { cn } from "~/shared/lib/cn";
import { count, milliseconds, share } from "~/shared/lib/format";
import { Card } from "~/shared/ui/card";
import { RouteLine, routeProblem, routeState, Service } from "~/shared/ui/route";
import { Spark } from "~/shared/ui/spark";
import { Switch } from "~/shared/ui/switch";
import { Tooltip } from "~/shared/ui/tooltip";
import { MappingMenu } from "./mapping-menu";
import type { MappingViewProps } from "./mappings-page";
import type { Row } from "./rows";
import type { MappingSort, MappingsSearch } from "./search";

/** Rows from here on are drawn only while they are near the window. */
const VIRTUAL_ABOVE = 200;
const ROW_HEIGHT = 45;
const NOTABLE_PERCENT = 0.5;

export function MappingTable({ rows, search, onSort, ...view }: MappingViewProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  const [offset, setOffset] = useState(0);
  const virtual = rows.length > VIRTUAL_ABOVE;
  useLayoutEffect(() => setOffset(body.current?.offsetTop ?? 0), []);
  const virtualizer = useWindowVirtualizer({
    count: virtual ? rows.length : 0,
    estimateSize: () => ROW_HEIGHT,
    overscan: 20,
    scrollMargin: offset,
  });
  const items = virtualizer.getVirtualItems();
  const shown = virtual ? items.flatMap((item) => rows[item.index] ?? []) : rows;
  const before = virtual ? (items[0]?.start ?? offset) - offset : 0;
  const after = virtual ? virtualizer.getTotalSize() - ((items.at(-1)?.end ?? offset) - offset) : 0;
  return (
    <Card className="overflow-clip">
      <table className="table" data-stacked aria-rowcount={rows.length + 1}>
        <caption className="sr-only">Mappings</caption>
        <Head search={search} onSort={onSort} />
        <tbody ref={body}>
          {before > 0 && <Spacer height={before} />}
          {shown.map((row) => (
            <MappingRow key={row.mapping.id} row={row} {...view} />
          ))}
          {after > 0 && <Spacer height={after} />}
        </tbody>
      </table>
    </Card>
  );
}

function Spacer({ height }: { height: number }) {
  return (
    <tr aria-hidden>
      <td colSpan={8} style={{ height, padding: 0 }} />
    </tr>
  );
}

function Head({ search, onSort }: { search: MappingsSearch; onSort: (sort: MappingSort) => void }) {
  const sorted = search.sort ?? "requests";
  const sortable = (sort: MappingSort, label: string, end?: boolean): ReactNode => (
    <th
      scope="col"
      data-end={end || undefined}
      aria-sort={sorted === sort ? (sort === "requests" ? "descending" : "ascending") : undefined}
    >
      <button
        type="button"
        className="inline-flex items-center gap-1 rounded-xs hover:text-ink"
        onClick={() => onSort(sort)}
      >
        {label}
        {sorted === sort && (
          <ArrowDown
            size={12}
            strokeWidth={1.75}
            className={sort === "requests" ? undefined : "rotate-180"}
            aria-hidden
          />
        )}
      </button>
    </th>
  );
  return (
    <thead>
      <tr>
        <th scope="col" className="w-[70px]">
          <span className="sr-only">On or off</span>
        </th>
        {sortable("name", "Mapping")}
        {sortable("domain", "Public address and service")}
        <th scope="col">Last hour</th>
        {sortable("requests", "Requests today", true)}
        <th scope="col" data-end>
          Failed
        </th>
        <th scope="col" data-end className="max-lg:hidden">
          p95
        </th>
        <th scope="col" className="w-[62px]">
          <span className="sr-only">More</span>
        </th>
      </tr>
    </thead>
  );
}

function MappingRow({
  row,
  actions,
  onDelete,
}: { row: Row } & Pick<MappingViewProps, "actions" | "onDelete">) {
  const { mapping, today } = row;
  const requests = today?.requests ?? 0;
  const failing = today && requests > 0 && (today.failures / requests) * 100 >= NOTABLE_PERCENT;
  const state = routeState(mapping);
  const problem = routeProblem(mapping);
  return (
    <tr data-row={mapping.id} className={cn("relative", !mapping.enabled && "[&_td]:text-subtle")}>
      <td className="relative z-1 max-md:[grid-area:1/2]">
        <Switch
          checked={mapping.enabled}
          label={`${mapping.name} on`}
          onChange={(on) => actions.toggle(mapping, on)}
        />
      </td>
      <td className="max-w-[220px] max-md:max-w-none max-md:[grid-area:1/1]">
        <Link
          to="/mappings/$id"
          params={{ id: mapping.id }}
          search
          data-row-link
          className={cn(
            "block truncate font-medium no-underline! after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:rounded-sm focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-(--focus)",
            mapping.enabled ? "text-ink!" : "text-muted!",
          )}
        >
          {mapping.name}
        </Link>
      </td>
      <td className="max-md:col-span-2 max-md:py-1!">
        <span className="inline-grid max-w-full grid-cols-[minmax(120px,184px)_26px_auto] items-center gap-2 max-lg:grid-cols-[auto] max-lg:gap-0 max-md:flex max-md:flex-wrap max-md:gap-x-2">
          <a
            href={`https://${mapping.externalDomain}`}
            target="_blank"
            rel="noreferrer"
            className="relative z-1 min-w-0 justify-self-start truncate"
            title={mapping.externalDomain}
          >
            {mapping.externalDomain}
          </a>
          <span className="inline-flex max-lg:hidden max-md:inline-flex">
            <RouteLine state={state} />
          </span>
          <Service mapping={mapping} />
        </span>
      </td>
      <td className="relative max-md:col-span-2">
        {problem ? (
          <Tooltip text={problem}>
            <button
              type="button"
              className={cn(
                "relative z-1 block min-h-6 max-w-[170px] cursor-help truncate text-left text-xs max-md:max-w-full",
                state === "failing" ? "text-danger" : "text-warning",
              )}
            >
              {problem}
            </button>
          </Tooltip>
        ) : mapping.enabled ? (
          <span className="max-md:hidden">
            <Spark counts={today?.spark ?? []} />
          </span>
        ) : (
          <span className="max-md:hidden">Off</span>
        )}
      </td>
      <td data-end className="max-md:hidden">
        {count(requests)}
      </td>
      <td data-end className={cn("max-md:hidden", failing && "text-warning")}>
        {requests > 0 && today ? `${share(today.failures, requests)} %` : "–"}
      </td>
      <td data-end className="max-lg:hidden">
        {milliseconds(today?.p95Ms)}
      </td>
      <td className="relative z-1 max-md:hidden">
        <MappingMenu mapping={mapping} actions={actions} onDelete={onDelete} />
      </td>
      <td className="nums hidden text-left! text-xs text-subtle max-md:col-span-2 max-md:flex max-md:items-center">
        {count(requests)} today
        {requests > 0 &&
          today &&
          ` · ${share(today.failures, requests)} % failed · p95 ${milliseconds(today.p95Ms)}`}
        <span className="relative z-1 -my-2 -mr-2.5 ml-auto">
          <MappingMenu mapping={mapping} actions={actions} onDelete={onDelete} />
        </span>
      </td>
    </tr>
  );
}
