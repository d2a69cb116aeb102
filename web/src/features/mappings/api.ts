// What the mappings pages ask and change. Changes write the answer into the shared list at once.
import { type QueryClient, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, expectDone, unwrap } from "~/shared/api/client";
import { mappingsQuery, withMapping, withoutMapping } from "~/shared/api/queries";
import type { Mapping, MappingInput, ServiceTest } from "~/shared/api/types";

function store(client: QueryClient, mapping: Mapping): void {
  client.setQueryData(mappingsQuery.queryKey, (list) => list && withMapping(list, mapping));
}

export const mappingQuery = (id: string) =>
  queryOptions({
    queryKey: ["mapping", id],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/mappings/{id}", { params: { path: { id } }, signal })),
    // The form must start from what is stored now, not from what was read before.
    gcTime: 0,
  });

export function useSaveMapping(id: string | null) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: MappingInput) =>
      id === null
        ? unwrap(api.POST("/api/v1/mappings", { body }))
        : unwrap(api.PUT("/api/v1/mappings/{id}", { params: { path: { id } }, body })),
    onSuccess: (mapping) => store(client, mapping),
  });
}

export function useToggleMapping() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ mapping, enabled }: { mapping: Mapping; enabled: boolean }) =>
      unwrap(
        api.PATCH("/api/v1/mappings/{id}/toggle", {
          params: { path: { id: mapping.id } },
          body: { enabled },
        }),
      ),
    onMutate: ({ mapping, enabled }) =>
      store(client, {
        ...mapping,
        enabled,
        gateway: { state: enabled ? "pending" : "off", reason: null, since: new Date().toISOString() },
      }),
    onSuccess: (mapping) => store(client, mapping),
    onError: (_error, { mapping }) => store(client, mapping),
  });
}

export function useDeleteMapping() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (mapping: Mapping) =>
      expectDone(api.DELETE("/api/v1/mappings/{id}", { params: { path: { id: mapping.id } } })),
    onSuccess: (_answer, mapping) =>
      client.setQueryData(mappingsQuery.queryKey, (list) => list && withoutMapping(list, mapping.id)),
  });
}

export const dnsQuery = (name: string) =>
  queryOptions({
    queryKey: ["dns", name],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/dns", { params: { query: { name } }, signal })),
    staleTime: 10_000,
    retry: false,
  });

export const serviceTestQuery = (input: ServiceTest) =>
  queryOptions({
    queryKey: ["service-test", input],
    queryFn: ({ signal }) => unwrap(api.POST("/api/v1/mappings/test", { body: input, signal })),
    staleTime: 10_000,
    retry: false,
  });
