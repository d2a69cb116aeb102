// Sends an import, first to see what it would change, then in earnest.
import { ApiError, problemOf } from "~/shared/api/error";
import { sessionFetch } from "~/shared/api/session";
import type { ImportResult } from "~/shared/api/types";

/** The API's limit, in bytes. */
export const IMPORT_MAX = 5 * 1024 * 1024;

export interface ImportFile {
  name: string;
  document: Record<string, unknown>;
}

export async function readImport(file: File): Promise<ImportFile> {
  if (file.size > IMPORT_MAX)
    throw new ApiError(0, { code: "too-large", message: `“${file.name}” is larger than 5 MB.` });
  const text = await file.text();
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document === "object" && document !== null && !Array.isArray(document))
      return { name: file.name, document: { ...document } };
  } catch {
    // Said below, as for any other file that is not an export.
  }
  throw new ApiError(0, {
    code: "not-json",
    message: `“${file.name}” is not an export of this product: it is not a JSON document.`,
  });
}

/** A refused row makes the answer 422, but its body is the same table. */
export async function sendImport(
  file: ImportFile,
  skip: readonly number[],
  dryRun: boolean,
): Promise<ImportResult> {
  const query = new URLSearchParams({ dryRun: String(dryRun) });
  if (skip.length > 0) query.set("skip", skip.join(","));
  // The document is whatever the file holds; the Agent checks it, so the typed client is no help here.
  const request = new Request(`${location.origin}/api/v1/import-export/import?${query}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(file.document),
  });
  const response = await sessionFetch(request);
  const body: unknown = await response.json().catch(() => null);
  if ((response.ok || response.status === 422) && isResult(body)) return body;
  throw problemOf(response, body);
}

function isResult(body: unknown): body is ImportResult {
  return typeof body === "object" && body !== null && "rows" in body && Array.isArray(body.rows);
}
