// The typed client of the management API, and the query client that holds what it answered.
import { QueryClient } from "@tanstack/react-query";
import createClient from "openapi-fetch";
import { ApiError, problemOf } from "./error";
import type { paths } from "./generated/schema";
import { sessionFetch } from "./session";

export const api = createClient<paths>({
  baseUrl: typeof location === "undefined" ? "http://localhost" : location.origin,
  fetch: sessionFetch,
});

interface Result<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of an answer, or its problem thrown as `ApiError`. */
export async function unwrap<T>(call: Promise<Result<T>>): Promise<NonNullable<T>> {
  const { data, error, response } = await call;
  if (data === undefined || data === null) throw problemOf(response, error);
  return data;
}

/** For answers without a body. */
export async function expectDone(call: Promise<Result<unknown>>): Promise<void> {
  const { error, response } = await call;
  if (!response.ok) throw problemOf(response, error);
}

const MAX_TRIES = 2;

function isWorthARetry(failures: number, error: Error): boolean {
  return failures < MAX_TRIES && error instanceof ApiError && (error.status === 0 || error.status >= 502);
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      // Live events keep the cache fresh; nothing polls, and a focused window asks for nothing.
      queries: { staleTime: 30_000, refetchOnWindowFocus: false, retry: isWorthARetry },
      mutations: { networkMode: "always" },
    },
  });
}
