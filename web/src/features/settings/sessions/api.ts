// Who is signed in, who tried, and the ways to end sessions.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, expectDone, unwrap } from "~/shared/api/client";

export const sessionsQuery = queryOptions({
  queryKey: ["sessions"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/auth/sessions", { signal })),
  staleTime: 0,
});

export const signInFailuresQuery = queryOptions({
  queryKey: ["sign-in-failures"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/auth/failures", { signal })),
  staleTime: 0,
});

export function useEndSession() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      expectDone(api.DELETE("/api/v1/auth/sessions/{id}", { params: { path: { id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: sessionsQuery.queryKey }),
  });
}

export function useEndAllSessions() {
  return useMutation({ mutationFn: () => expectDone(api.DELETE("/api/v1/auth/sessions")) });
}
