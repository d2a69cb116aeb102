// The mappings page without rows: nothing yet, which teaches, and nothing found, which widens.
import { Link } from "@tanstack/react-router";
import { FileUp, Plus, Route, SearchX } from "lucide-react";
import type { Mapping } from "~/shared/api/types";
import { Button, buttonStyle } from "~/shared/ui/button";
import { Card } from "~/shared/ui/card";
import { Empty } from "~/shared/ui/empty";
import type { MappingsSearch } from "./search";

export function NoMapping() {
  return (
    <Card>
      <Empty
        icon={Route}
        title="No mapping yet"
        actions={
          <>
            <Link to="/mappings/new" className={buttonStyle({ variant: "primary" })}>
              <Plus size={16} strokeWidth={1.75} aria-hidden />
              New mapping
            </Link>
            <Link to="/settings/data" className={buttonStyle({})}>
              <FileUp size={16} strokeWidth={1.75} aria-hidden />
              Import from a file
            </Link>
          </>
        }
      >
        A mapping leads a public name to a service in your network, such as app.example.com to 10.0.4.12:3000.
        Until you make one, nothing is public.
      </Empty>
    </Card>
  );
}

interface NoMatchProps {
  search: MappingsSearch;
  mappings: readonly Mapping[];
  onChange: (next: Partial<MappingsSearch>) => void;
}

export function NoMatch({ search, mappings, onChange }: NoMatchProps) {
  const on = mappings.filter((mapping) => mapping.enabled).length;
  const searched =
    search.state === "on"
      ? `the ${on} mappings that are on`
      : search.state === "off"
        ? `the ${mappings.length - on} mappings that are off`
        : `all ${mappings.length} mappings`;
  return (
    <Card>
      <Empty
        icon={SearchX}
        title={search.q ? `Nothing matches “${search.q}”` : `No mapping is ${search.state}`}
        actions={
          <>
            {search.state && (
              <Button variant="primary" onClick={() => onChange({ state: undefined })}>
                {search.q ? `Search all ${mappings.length}` : `Show all ${mappings.length}`}
              </Button>
            )}
            {search.q && (
              <Button onClick={() => onChange({ q: undefined, state: undefined })}>Clear the search</Button>
            )}
          </>
        }
      >
        {search.q
          ? `Searched names, domains and hosts of ${searched}.`
          : `Of ${mappings.length} mappings, ${on} are on.`}
      </Empty>
    </Card>
  );
}
