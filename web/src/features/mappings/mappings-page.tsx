// The mappings: find, open, switch. Search, filter, order and view are in the address.
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useSearch } from "@tanstack/react-router";
import { ArrowDownNarrowWide, FileUp, LayoutGrid, Plus, Rows3 } from "lucide-react";
import { useState } from "react";
import { mappingStatsQuery, mappingsQuery } from "~/shared/api/queries";
import type { Mapping } from "~/shared/api/types";
import { count, plural } from "~/shared/lib/format";
import { buttonStyle } from "~/shared/ui/button";
import { Card } from "~/shared/ui/card";
import { ChipFilter } from "~/shared/ui/chip-filter";
import { CannotLoad } from "~/shared/ui/empty";
import { SearchInput } from "~/shared/ui/input";
import { Page } from "~/shared/ui/page";
import { Segmented } from "~/shared/ui/segmented";
import { SkeletonRows } from "~/shared/ui/skeleton";
import { DeleteDialog } from "./delete-dialog";
import { MappingCards } from "./mapping-cards";
import { MappingTable } from "./mapping-table";
import { NoMapping, NoMatch } from "./nothing";
import { type Row, visibleRows } from "./rows";
import { type MappingSort, type MappingsSearch, SORTS } from "./search";
import { type MappingActions, tellReadOnly, useMappingActions } from "./use-mapping-actions";
import { useRowKeys } from "./use-row-keys";

export interface MappingViewProps {
  rows: readonly Row[];
  search: MappingsSearch;
  actions: MappingActions;
  onSort: (sort: MappingSort) => void;
  onDelete: (mapping: Mapping) => void;
}

const SORT_LABELS: Record<MappingSort, string> = {
  requests: "Requests today",
  name: "Name",
  domain: "Address",
  created: "Newest",
};

export function MappingsPage() {
  const search = useSearch({ from: "/shell/mappings" });
  const navigate = useNavigate({ from: "/mappings" });
  const [deleting, setDeleting] = useState<Mapping | null>(null);
  const list = useQuery(mappingsQuery);
  const stats = useQuery(mappingStatsQuery).data?.mappings ?? [];
  const actions = useMappingActions();
  const change = (next: Partial<MappingsSearch>) =>
    void navigate({ to: ".", search: (now) => ({ ...now, ...next }), replace: true });
  const mappings = list.data?.mappings ?? [];
  const rows = visibleRows(mappings, stats, search);
  const onSort = (sort: MappingSort) => change({ sort: sort === "requests" ? undefined : sort });
  const askDelete = (mapping: Mapping) => (mapping.readOnly ? tellReadOnly(mapping) : setDeleting(mapping));
  useRowKeys(rows, actions, askDelete);
  return (
    <Page title="Mappings" actions={<Actions />}>
      <Toolbar search={search} mappings={mappings} onChange={change} onSort={onSort} />
      {list.isPending ? (
        <Card>
          <SkeletonRows label="mappings" />
        </Card>
      ) : list.isError ? (
        <Card className="pb-10">
          <CannotLoad
            title="The mappings cannot be read"
            error={list.error}
            onRetry={() => void list.refetch()}
          />
        </Card>
      ) : list.data.total === 0 ? (
        <NoMapping />
      ) : rows.length === 0 ? (
        <NoMatch search={search} mappings={mappings} onChange={change} />
      ) : (
        <>
          {search.view === "cards" ? (
            <MappingCards
              rows={rows}
              search={search}
              actions={actions}
              onSort={onSort}
              onDelete={askDelete}
            />
          ) : (
            <MappingTable
              rows={rows}
              search={search}
              actions={actions}
              onSort={onSort}
              onDelete={askDelete}
            />
          )}
          <p className="nums text-xs text-subtle">
            {rows.length === mappings.length
              ? plural(rows.length, "mapping")
              : `${count(rows.length)} of ${plural(mappings.length, "mapping")}`}
            {list.data.total > mappings.length && `, the first of ${count(list.data.total)}`}. Numbers are
            since midnight.
          </p>
        </>
      )}
      <Outlet />
      {deleting && (
        <DeleteDialog
          mapping={deleting}
          onClose={() => setDeleting(null)}
          onTurnOff={(mapping) => actions.toggle(mapping, false)}
        />
      )}
    </Page>
  );
}

function Actions() {
  return (
    <>
      <Link to="/settings/data" className={`${buttonStyle({})} max-md:hidden`}>
        <FileUp size={16} strokeWidth={1.75} aria-hidden />
        Import
      </Link>
      <Link
        to="/mappings/new"
        className={`${buttonStyle({ variant: "primary" })} max-md:w-(--control-md) max-md:px-0`}
      >
        <Plus size={16} strokeWidth={1.75} aria-hidden />
        <span className="max-md:sr-only">New mapping</span>
      </Link>
    </>
  );
}

interface ToolbarProps {
  search: MappingsSearch;
  mappings: readonly Mapping[];
  onChange: (next: Partial<MappingsSearch>) => void;
  onSort: (sort: MappingSort) => void;
}

function Toolbar({ search, mappings, onChange, onSort }: ToolbarProps) {
  const on = mappings.filter((mapping) => mapping.enabled).length;
  return (
    <div className="flex flex-wrap items-center gap-2">
      <SearchInput
        label="Search name, domain or host"
        value={search.q ?? ""}
        onChange={(q) => onChange({ q: q || undefined })}
        className="w-[260px] max-md:w-full"
      />
      <Segmented
        label="Show"
        value={search.state ?? "all"}
        choices={[
          { value: "all", label: "All", count: mappings.length },
          { value: "on", label: "On", count: on },
          { value: "off", label: "Off", count: mappings.length - on },
        ]}
        onChange={(state) => onChange({ state: state === "all" ? undefined : state })}
      />
      <ChipFilter
        label="Sort"
        icon={ArrowDownNarrowWide}
        required
        labelled
        compact
        value={search.sort ?? "requests"}
        choices={SORTS.map((value) => ({ value, label: SORT_LABELS[value] }))}
        onChange={(value) => onSort(SORTS.find((sort) => sort === value) ?? "requests")}
      />
      <Segmented
        label="View"
        className="ml-auto"
        value={search.view ?? "table"}
        choices={[
          { value: "table", label: "Table", icon: Rows3 },
          { value: "cards", label: "Cards", icon: LayoutGrid },
        ]}
        onChange={(view) => onChange({ view: view === "cards" ? "cards" : undefined })}
      />
    </div>
  );
}
