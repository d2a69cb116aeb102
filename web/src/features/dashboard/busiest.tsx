// The busiest mappings of today.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { mappingStatsQuery, mappingsQuery } from "~/shared/api/queries";
import { count, milliseconds, share } from "~/shared/lib/format";
import { Card, CardHead } from "~/shared/ui/card";
import { SkeletonRows } from "~/shared/ui/skeleton";
import { Spark } from "~/shared/ui/spark";

/** Rows of the card. */
const SHOWN = 5;
/** A share of failures from here on is coloured, in per cent. */
const NOTABLE_PERCENT = 0.5;

export function Busiest() {
  const stats = useQuery(mappingStatsQuery);
  const mappings = useQuery(mappingsQuery).data?.mappings;
  const rows = (stats.data?.mappings ?? []).flatMap((row) => {
    const mapping = mappings?.find((each) => each.id === row.mappingId);
    return mapping && row.requests > 0 ? [{ row, mapping }] : [];
  });
  return (
    <Card className="overflow-clip">
      <CardHead title="Busiest mappings" note="today" end={<Link to="/mappings">All mappings</Link>} />
      {stats.isPending ? (
        <SkeletonRows label="the busiest mappings" rows={SHOWN} />
      ) : rows.length === 0 ? (
        <p className="px-4 pb-5 text-muted">No request since midnight.</p>
      ) : (
        <table className="table" data-size="compact">
          <thead className="max-md:sr-only">
            <tr>
              <th scope="col">Mapping</th>
              <th scope="col" className="max-md:hidden">
                Trend, last hour
              </th>
              <th scope="col" data-end>
                Requests
              </th>
              <th scope="col" data-end className="max-md:hidden">
                Failed
              </th>
              <th scope="col" data-end className="max-md:hidden">
                p95
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, SHOWN).map(({ row, mapping }) => (
              <tr key={mapping.id} className="relative">
                <td className="max-w-[220px]">
                  <Link
                    to="/requests"
                    search={{ mapping: mapping.id }}
                    className="grid min-w-0 py-[3px] leading-[18px] text-ink! no-underline! after:absolute after:inset-0"
                  >
                    <b className="truncate font-medium">{mapping.name}</b>
                    <small className="truncate text-xs leading-4 text-subtle">{mapping.externalDomain}</small>
                  </Link>
                </td>
                <td className="max-md:hidden">
                  <Spark counts={row.spark} />
                </td>
                <td data-end>{count(row.requests)}</td>
                <td
                  data-end
                  className={`max-md:hidden ${(row.failures / row.requests) * 100 >= NOTABLE_PERCENT ? "text-warning" : ""}`}
                >
                  {share(row.failures, row.requests)} %
                </td>
                <td data-end className="max-md:hidden">
                  {milliseconds(row.p95Ms)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}
