// Leads live events into the query cache, so that every page moves by itself.
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { withPoint } from "~/features/dashboard/api";
import { live } from "~/shared/api/live";
import { mappingsQuery, statusQuery, withMapping, withoutMapping } from "~/shared/api/queries";
import type { Stats } from "~/shared/api/types";
import { connectionWord } from "~/shared/lib/connection";
import { notify } from "~/shared/lib/notify";

/** Sums over all mappings are asked for again at most this often while traffic moves, in milliseconds. */
const SUMS_EVERY_MS = 10_000;

export function useLiveBridge(): void {
  const client = useQueryClient();
  useEffect(() => {
    const stops = connect(client);
    live.start();
    return () => {
      live.stop();
      for (const stop of stops) stop();
    };
  }, [client]);
}

function connect(client: QueryClient): Array<() => void> {
  let sumsAt = 0;
  let wasLost = false;
  return [
    live.on("status", (status) => {
      const before = client.getQueryData(statusQuery.queryKey);
      client.setQueryData(statusQuery.queryKey, status);
      const now = connectionWord(status).look;
      if (before && connectionWord(before).look !== "up" && now === "up")
        notify.success({ title: "The tunnel is up again" });
    }),
    live.on("mapping", ({ action, id, mapping }) => {
      client.setQueryData(mappingsQuery.queryKey, (list) => {
        if (!list) return list;
        if (action === "deleted" || !mapping) return withoutMapping(list, id);
        return withMapping(list, mapping);
      });
    }),
    live.on("stats", (point) => {
      client.setQueriesData<Stats>(
        { queryKey: ["stats", "series"] },
        (stats) => stats && withPoint(stats, point),
      );
      if (Date.now() - sumsAt < SUMS_EVERY_MS) return;
      sumsAt = Date.now();
      void client.invalidateQueries({ queryKey: ["stats", "mappings"] });
      void client.invalidateQueries({ queryKey: ["stats", "failures"] });
    }),
    live.on("storage", () => void client.invalidateQueries({ queryKey: statusQuery.queryKey })),
    live.on("resync", () => void client.invalidateQueries()),
    live.state.subscribe(() => {
      const { phase } = live.state.get();
      if (phase === "open" && wasLost) notify.success({ title: "Live updates are back", lasts: 3000 });
      if (phase !== "connecting") wasLost = phase === "lost";
    }),
  ];
}
