// Writes a request as a curl command for a POSIX shell.

/** Quotes so that no shell expands or splits it. */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Headers that curl sets itself, that mean nothing on a new connection, or that the Gateway adds: no visitor sent those. */
const LEFT_OUT = new Set([
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-octoporty-request-id",
  "x-real-ip",
  "host",
  "content-length",
  "connection",
  "accept-encoding",
  "transfer-encoding",
  "upgrade",
]);

export interface CurlRequest {
  method: string;
  url: string;
  headers: readonly (readonly string[])[];
}

export function curlCommand({ method, url, headers }: CurlRequest): string {
  const parts = ["curl"];
  if (method === "HEAD") parts.push("--head");
  else if (method !== "GET") parts.push(`-X ${shellQuote(method)}`);
  parts.push(shellQuote(url));
  for (const [name = "", value = ""] of headers) {
    if (LEFT_OUT.has(name.toLowerCase()) || name.startsWith(":")) continue;
    parts.push(`-H ${shellQuote(`${name}: ${value}`)}`);
  }
  return parts.length > 3 ? parts.join(" \\\n  ") : parts.join(" ");
}
