// What the sandboxed frame shows of a body: a page as it is, an image, JSON in order. Null when there is nothing to see.
import type { DiagnosisSide } from "~/shared/api/types";

type Body = NonNullable<DiagnosisSide["body"]>;

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

export function previewOf(body: Body): string | null {
  const type = (body.contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "text/html" && body.encoding === "utf8") return body.text;
  if (/^image\/(png|jpeg|gif|webp|avif)$/.test(type) && body.encoding === "base64") {
    return `<body style="margin:0;display:grid;place-items:center;min-height:100vh"><img alt="" style="max-width:100%" src="data:${type};base64,${escaped(body.text)}">`;
  }
  if (/^application\/(.+\+)?json$/.test(type) && body.encoding === "utf8") {
    try {
      return `<pre style="font:12px/1.6 monospace">${escaped(JSON.stringify(JSON.parse(body.text), null, 2))}</pre>`;
    } catch {
      return null;
    }
  }
  return null;
}
