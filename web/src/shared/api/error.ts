// The one way from a failed call to a sentence: problem details of the Agent, or what it means that there is no answer.

/** What an answer of type `application/problem+json` may hold. Any of it may be missing when a proxy answered instead. */
interface ProblemBody {
  title?: string;
  detail?: string;
  message?: string;
  code?: string;
  requestId?: string;
  errors?: Record<string, string[]>;
  triesLeft?: number;
  nextLockSeconds?: number;
  retryAfterSeconds?: number;
}

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: string;
  readonly fields: Record<string, string[]>;
  readonly requestId: string | undefined;
  readonly triesLeft: number | undefined;
  readonly nextLockSeconds: number | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    /** HTTP status; 0 when nothing answered. */
    readonly status: number,
    body: ProblemBody,
  ) {
    super(body.message ?? body.detail ?? body.title ?? `The Agent answered ${status} without a reason.`);
    this.code = body.code ?? "unknown";
    this.fields = body.errors ?? {};
    this.requestId = body.requestId;
    this.triesLeft = body.triesLeft;
    this.nextLockSeconds = body.nextLockSeconds;
    this.retryAfterSeconds = body.retryAfterSeconds;
  }

  /** The details for a bug report, one fact a line. */
  get report(): string {
    return [
      `status ${this.status}`,
      `code ${this.code}`,
      `request ${this.requestId ?? "unknown"}`,
      this.message,
    ].join("\n");
  }
}

export async function errorFrom(response: Response): Promise<ApiError> {
  return problemOf(response, await response.json().catch(() => null));
}

/** For an answer whose body was read already. A body that is no problem document, such as a proxy's page, says nothing. */
export function problemOf(response: Response, read: unknown): ApiError {
  const body: ProblemBody = typeof read === "object" && read !== null ? { ...read } : {};
  const retryAfter = Number(response.headers.get("retry-after"));
  if (body.retryAfterSeconds === undefined && retryAfter > 0) body.retryAfterSeconds = retryAfter;
  return new ApiError(response.status, body);
}

export function unreachable(): ApiError {
  return new ApiError(0, {
    code: "unreachable",
    message: "The Agent does not answer. Is it running, and is this device still in its network?",
  });
}

/** Any thrown value as an `ApiError`, so that callers show one kind of thing. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof TypeError) return unreachable();
  return new ApiError(0, {
    code: "internal",
    message: error instanceof Error ? error.message : String(error),
  });
}
