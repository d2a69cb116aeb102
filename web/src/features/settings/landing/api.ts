// The landing page: what is published, what the default is, and the ways to change it.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, expectDone, unwrap } from "~/shared/api/client";

export const landingQuery = queryOptions({
  queryKey: ["landing-page"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/settings/landing-page", { signal })),
});

export const landingDefaultQuery = queryOptions({
  queryKey: ["landing-page", "default"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/settings/landing-page/default", { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});

export function usePublish() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (html: string) => unwrap(api.PUT("/api/v1/settings/landing-page", { body: { html } })),
    onSuccess: ({ hash }, html) =>
      client.setQueryData(landingQuery.queryKey, { html, hash, isDefault: false }),
  });
}

export function useResetLanding() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => expectDone(api.DELETE("/api/v1/settings/landing-page")),
    onSuccess: () => client.invalidateQueries({ queryKey: landingQuery.queryKey }),
  });
}
