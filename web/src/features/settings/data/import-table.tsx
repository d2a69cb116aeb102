// What an import would do, row by row; what stays as it is is only counted.
import { Equal, type LucideIcon, Minus, Pencil, Plus, X } from "lucide-react";

import type { ImportResult } from "~/shared/api/types";
import { visible } from "~/shared/lib/format";
import { Badge, type Tone } from "~/shared/ui/badge";
import { Scroller } from "~/shared/ui/scroller";

type Row = ImportResult["rows"][number];

const ACTIONS: Record<Row["action"], { word: string; tone: Tone; icon: LucideIcon }> = {
  create: { word: "Created", tone: "success", icon: Plus },
  update: { word: "Changed", tone: "warning", icon: Pencil },
  unchanged: { word: "Alike", tone: "neutral", icon: Equal },
  refused: { word: "Refused", tone: "danger", icon: X },
  skipped: { word: "Left out", tone: "neutral", icon: Minus },
};

const WORDS: Record<string, string> = {
  name: "name",
  externalDomain: "address",
  internalHost: "host",
  internalPort: "port",
  internalProtocol: "protocol",
  enabled: "on or off",
  pinnedCertificate: "trusted certificate",
  allowInvalidCertificates: "certificate check",
  hostHeader: "host header",
  upstreamVersion: "HTTP version",
  requestHeaders: "request headers",
  responseHeaders: "answer headers",
  timeouts: "timeouts",
};

/** "externalDomain: …" in the words of the forms. */
function inWords(error: string): string {
  const words = error.replace(/^(\w+): /, (whole, name: string) =>
    WORDS[name] ? `${WORDS[name]}: ` : whole,
  );
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function ImportTable({ result }: { result: ImportResult }) {
  const rows = result.rows.filter((row) => row.action !== "unchanged");
  if (rows.length === 0) return null;
  return (
    <Scroller className="max-h-[480px] overflow-auto border-t" label="What the import changes">
      <table className="table" data-size="compact" data-stacked>
        <thead className="md:sticky md:top-0">
          <tr>
            <th scope="col">Change</th>
            <th scope="col">Mapping</th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const action = ACTIONS[row.action];
            return (
              <tr key={row.row}>
                <td className="max-md:col-start-2 max-md:row-start-1">
                  <Badge tone={action.tone} icon={action.icon}>
                    {row.action === "refused" ? `Row ${row.row}` : action.word}
                  </Badge>
                </td>
                <td className="font-medium break-words max-md:col-start-1 max-md:row-start-1">
                  {visible(row.externalDomain)}
                </td>
                <td
                  className={
                    row.errors.length > 0
                      ? "py-2! text-danger max-md:col-span-2"
                      : "py-2! text-muted max-md:col-span-2"
                  }
                >
                  {row.errors.length > 0
                    ? visible(row.errors.map(inWords).join(" "))
                    : row.action === "create"
                      ? visible(row.name)
                      : row.changes.map((name) => WORDS[name] ?? name).join(", ") || "–"}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scroller>
  );
}
