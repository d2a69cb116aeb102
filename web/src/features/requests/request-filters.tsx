// The filters above the request log.
import { useQuery } from "@tanstack/react-query";
import { Clock, Pause, Play } from "lucide-react";
import { mappingsQuery } from "~/shared/api/queries";
import { SIDE_WORDS } from "~/shared/lib/sides";
import { Button } from "~/shared/ui/button";
import { ChipFilter } from "~/shared/ui/chip-filter";
import { SearchInput } from "~/shared/ui/input";
import { METHOD_CHOICES, SPAN_CHOICES, STATUS_CHOICES } from "./filters";
import { type RequestFilters, SIDES } from "./search";

interface RequestFilterBarProps {
  filters: RequestFilters;
  paused: boolean;
  onChange: (next: Partial<RequestFilters>) => void;
  onPause: () => void;
}

export function RequestFilterBar({ filters, paused, onChange, onPause }: RequestFilterBarProps) {
  const mappings = useQuery(mappingsQuery).data?.mappings ?? [];
  return (
    <div className="flex flex-wrap items-center gap-2 border-b bg-page px-gutter py-2.5 max-md:flex-nowrap max-md:flex-col max-md:items-stretch">
      <SearchInput
        label="Path, host, visitor or request id"
        value={filters.q ?? ""}
        onChange={(q) => onChange({ q: q || undefined })}
        className="w-[260px] max-md:w-full"
      />
      <div className="flex flex-1 flex-wrap items-center gap-2 max-md:-mx-(--gutter) max-md:flex-nowrap max-md:overflow-x-auto max-md:px-(--gutter) max-md:[scrollbar-width:none]">
        <ChipFilter
          label="Time"
          icon={Clock}
          value={filters.from}
          choices={SPAN_CHOICES}
          onChange={(from) => onChange({ from, to: undefined })}
        />
        <ChipFilter
          label="Mapping"
          value={filters.mapping}
          choices={mappings.map((each) => ({ value: each.id, label: each.name, hint: each.externalDomain }))}
          onChange={(mapping) => onChange({ mapping })}
        />
        <ChipFilter
          label="Method"
          value={filters.method}
          choices={METHOD_CHOICES}
          onChange={(method) => onChange({ method })}
        />
        <ChipFilter
          label="Status"
          value={filters.status}
          choices={STATUS_CHOICES}
          onChange={(status) => onChange({ status })}
        />
        <ChipFilter
          label="Failed at"
          value={filters.side}
          choices={SIDES.map((value) => ({ value, label: SIDE_WORDS[value] }))}
          onChange={(side) => onChange({ side: SIDES.find((each) => each === side) })}
        />
        <Button
          variant={paused ? "primary" : "ghost"}
          icon={paused ? Play : Pause}
          className="ml-auto"
          onClick={onPause}
        >
          {paused ? "Resume" : "Pause"}
        </Button>
      </div>
    </div>
  );
}
