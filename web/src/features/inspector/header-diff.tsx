// The headers of both answers: what the way through the tunnel added, removed, changed, and whether that is expected.

import { useState } from "react";
import type { Diagnosis } from "~/shared/api/types";
import { plural, visible } from "~/shared/lib/format";
import { Badge } from "~/shared/ui/badge";
import { Card, CardHead } from "~/shared/ui/card";
import { Scroller } from "~/shared/ui/scroller";

type Row = Diagnosis["headerDiff"][number];

const SIGNS: Record<Row["kind"], { sign: string; word: string; tint: string }> = {
  same: { sign: "", word: "same", tint: "" },
  added: { sign: "+", word: "added", tint: "bg-diff-added!" },
  removed: { sign: "−", word: "removed", tint: "bg-diff-removed!" },
  changed: { sign: "~", word: "changed", tint: "bg-diff-changed!" },
};

const ORDER = ["changed", "added", "removed", "same"];
const CELL = "mono h-auto! py-[5px]! align-top! text-xs leading-[18px] break-words [overflow-wrap:anywhere]";

export function HeaderDiff({ rows }: { rows: readonly Row[] }) {
  const [showSame, setShowSame] = useState(false);
  const number = (kind: Row["kind"]) => rows.filter((row) => row.kind === kind).length;
  const same = number("same");
  const shown = rows
    .filter((row) => showSame || row.kind !== "same")
    .toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  return (
    <Card className="overflow-clip">
      <CardHead
        title="Headers"
        note={
          <span className="flex flex-wrap gap-2">
            {number("changed") > 0 && <Badge tone="warning">{number("changed")} changed</Badge>}
            {number("added") > 0 && <Badge tone="success">{number("added")} added</Badge>}
            {number("removed") > 0 && <Badge tone="danger">{number("removed")} removed</Badge>}
            {same === rows.length && "all equal"}
          </span>
        }
        end={
          <label htmlFor="show-equal" className="flex items-center gap-2 text-sm">
            <input
              id="show-equal"
              type="checkbox"
              className="size-4 accent-(--accent)"
              checked={showSame}
              onChange={(event) => setShowSame(event.target.checked)}
            />
            Show equal
          </label>
        }
      />
      <Scroller className="overflow-x-auto" label="Differences of the headers">
        <table className="table min-w-[640px] table-fixed">
          <thead>
            <tr>
              <th scope="col" className="w-9">
                <span className="sr-only">Kind</span>
              </th>
              <th scope="col" className="w-[24%]">
                Header
              </th>
              <th scope="col">Through the Gateway</th>
              <th scope="col">Straight</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row, index) => {
              const look = SIGNS[row.kind];
              return (
                // biome-ignore lint/suspicious/noArrayIndexKey: a header may stand twice
                <tr key={index}>
                  <td className={`${CELL} ${look.tint} text-center text-muted`}>
                    <span aria-hidden>{look.sign}</span>
                    <span className="sr-only">{look.word}</span>
                  </td>
                  <td className={`${CELL} ${look.tint}`}>
                    {visible(row.name)}
                    {row.kind !== "same" && (
                      <span className="block font-sans text-xs text-muted">
                        {row.expected ? `expected${row.reason ? `: ${row.reason}` : ""}` : "not expected"}
                      </span>
                    )}
                  </td>
                  <td className={`${CELL} ${look.tint}`}>
                    {row.gateway == null ? "–" : visible(row.gateway)}
                  </td>
                  <td className={`${CELL} ${look.tint}`}>{row.agent == null ? "–" : visible(row.agent)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
        {!showSame && same > 0 && (
          <p className="border-t border-faint bg-sunken px-4 py-1.5 text-xs text-subtle">
            {plural(same, "equal header")}
          </p>
        )}
      </Scroller>
    </Card>
  );
}
