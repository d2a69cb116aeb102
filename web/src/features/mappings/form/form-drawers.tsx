// The form as a drawer over the list: for a new mapping, a copy, or one that exists.
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useRef } from "react";
import { mappingsQuery } from "~/shared/api/queries";
import type { Mapping } from "~/shared/api/types";
import { visible } from "~/shared/lib/format";
import { Drawer, DrawerBody } from "~/shared/ui/drawer";
import { CannotLoad } from "~/shared/ui/empty";
import { Skeleton } from "~/shared/ui/skeleton";
import { mappingQuery } from "../api";
import { MappingForm } from "./mapping-form";
import { tellSaved } from "./saved";
import { EMPTY_VALUES, type MappingValues, nameFrom, parseService, valuesOf } from "./schema";

function useDrawer() {
  const navigate = useNavigate();
  const dirty = useRef(false);
  const close = () =>
    void navigate({
      to: "/mappings",
      search: (now) => ({ q: now.q, state: now.state, view: now.view, sort: now.sort }),
    });
  const onDirty = (next: boolean) => {
    dirty.current = next;
  };
  return { close, onDirty, mayClose: () => !dirty.current };
}

export function NewMappingDrawer() {
  const { from, domain, service } = useSearch({ from: "/shell/mappings/new" });
  const source = useQuery({ ...mappingsQuery, enabled: from !== undefined }).data?.mappings.find(
    (mapping) => mapping.id === from,
  );
  const drawer = useDrawer();
  if (from && !source) return null;
  const onSaved = (mapping: Mapping) => {
    tellSaved(mapping, true);
    drawer.close();
  };
  return (
    <Drawer
      title={source ? `Copy of ${source.name}` : "New mapping"}
      description="A public name that leads to one of your services."
      onClose={drawer.close}
      mayClose={drawer.mayClose}
    >
      <MappingForm
        id={null}
        initial={startValues(source, domain, service)}
        onSaved={onSaved}
        onCancel={drawer.close}
        onDirty={drawer.onDirty}
      />
    </Drawer>
  );
}

function startValues(source: Mapping | undefined, domain = "", service = ""): MappingValues {
  if (source) return { ...valuesOf(source), name: `${source.name} copy`, externalDomain: "" };
  return { ...EMPTY_VALUES, externalDomain: domain, name: nameFrom(domain), ...parseService(service) };
}

export function EditMappingDrawer() {
  const { id } = useParams({ from: "/shell/mappings/$id" });
  const listed = useQuery(mappingsQuery).data?.mappings.find((mapping) => mapping.id === id);
  const stored = useQuery(mappingQuery(id));
  const drawer = useDrawer();
  const onSaved = (mapping: Mapping) => {
    tellSaved(mapping, false);
    drawer.close();
  };
  const title = `Edit ${visible(stored.data?.name ?? listed?.name ?? "mapping")}`;
  return (
    <Drawer
      title={title}
      description="Changed fields apply to new requests at once."
      onClose={drawer.close}
      mayClose={drawer.mayClose}
    >
      {stored.data ? (
        <MappingForm
          key={id}
          id={id}
          readOnly={stored.data.readOnly}
          initial={valuesOf(stored.data)}
          onSaved={onSaved}
          onCancel={drawer.close}
          onDirty={drawer.onDirty}
        />
      ) : stored.isError ? (
        <CannotLoad
          title="This mapping cannot be read"
          error={stored.error}
          onRetry={() => void stored.refetch()}
        />
      ) : (
        <DrawerBody>
          <Skeleton className="h-14" />
          <Skeleton className="h-14" />
          <Skeleton className="h-14" />
        </DrawerBody>
      )}
    </Drawer>
  );
}
