// Sessions: who is signed in, sign out everywhere, failed sign-ins, the password, and this browser's appearance.
import { useQuery } from "@tanstack/react-query";
import { LogOut } from "lucide-react";
import { useState } from "react";
import { asApiError } from "~/shared/api/error";
import { signOut } from "~/shared/api/session";
import type { SessionRow } from "~/shared/api/types";
import { notify } from "~/shared/lib/notify";
import { Badge } from "~/shared/ui/badge";
import { Button } from "~/shared/ui/button";
import { Card, CardBody, CardHead } from "~/shared/ui/card";
import { Dialog } from "~/shared/ui/dialog";
import { CannotLoad } from "~/shared/ui/empty";
import { SkeletonRows } from "~/shared/ui/skeleton";
import { RelativeTime } from "~/shared/ui/time";
import { sessionsQuery, useEndAllSessions, useEndSession } from "./api";
import { AppearanceCard } from "./appearance-card";
import { browserName } from "./browser";
import { FailuresCard } from "./failures-card";

export function SessionsTab() {
  const [ending, setEnding] = useState(false);
  const query = useQuery(sessionsQuery);
  return (
    <>
      <Card className="overflow-clip">
        <CardHead
          title="Who is signed in"
          end={
            <Button size="sm" variant="danger-quiet" onClick={() => setEnding(true)}>
              Sign out everywhere
            </Button>
          }
        />
        {query.isPending ? (
          <SkeletonRows label="sessions" rows={3} />
        ) : query.isError ? (
          <CannotLoad
            className="pb-8"
            title="The sessions cannot be read"
            error={query.error}
            onRetry={() => void query.refetch()}
          />
        ) : (
          <Sessions rows={query.data.sessions} />
        )}
      </Card>
      <div className="grid grid-cols-2 gap-4 max-md:grid-cols-1 max-md:gap-3">
        <FailuresCard />
        <PasswordCard />
      </div>
      <AppearanceCard />
      {ending && <EndAllDialog onClose={() => setEnding(false)} />}
    </>
  );
}

function Sessions({ rows }: { rows: readonly SessionRow[] }) {
  const end = useEndSession();
  const signOutOf = (row: SessionRow) =>
    end.mutate(row.id, {
      onSuccess: () => notify.success({ title: `${browserName(row.userAgent)} is signed out` }),
      onError: (error) =>
        notify.failure({ title: "The session was not ended", detail: asApiError(error).message }),
    });
  return (
    <table className="table" data-stacked>
      <thead>
        <tr>
          <th scope="col">Browser</th>
          <th scope="col">Address</th>
          <th scope="col">Last used</th>
          <th scope="col">Signed in</th>
          <th scope="col">
            <span className="sr-only">End</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <td className="font-medium" title={row.userAgent ?? undefined}>
              {browserName(row.userAgent)}
            </td>
            <td className="text-xs text-muted max-md:col-start-1">
              <span className="mono">{row.address}</span>
              <span className="md:hidden">
                {" · "}
                {row.current ? "now" : <RelativeTime at={row.lastUsedAt} />}
              </span>
            </td>
            <td className={row.current ? "text-success max-md:hidden" : "text-muted max-md:hidden"}>
              {row.current ? "Now, this session" : <RelativeTime at={row.lastUsedAt} />}
            </td>
            <td className="text-muted max-md:hidden">
              <RelativeTime at={row.createdAt} />
            </td>
            <td data-end className="max-md:col-start-2 max-md:row-span-2 max-md:row-start-1">
              {row.current ? (
                <Badge tone="accent">This one</Badge>
              ) : (
                <Button
                  size="sm"
                  busy={end.isPending && end.variables === row.id}
                  onClick={() => signOutOf(row)}
                >
                  Sign out
                </Button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function PasswordCard() {
  return (
    <Card>
      <CardHead title="Password" />
      <CardBody className="grid gap-3">
        <p className="text-muted">
          The password is set where the Agent is started, not here. Make a hash, put it into the environment,
          restart.
        </p>
        <pre className="code">
          openssl passwd -6{"\n"}
          <span className="tok-key">Agent__Auth__PasswordHash</span>=
          <span className="tok-string">'$6$…'</span>
        </pre>
      </CardBody>
    </Card>
  );
}

function EndAllDialog({ onClose }: { onClose: () => void }) {
  const end = useEndAllSessions();
  const run = () =>
    end.mutate(undefined, {
      onSuccess: () => void signOut(),
      onError: (error) => {
        notify.failure({ title: "The sessions were not ended", detail: asApiError(error).message });
        onClose();
      },
    });
  return (
    <Dialog
      open
      onClose={onClose}
      icon={LogOut}
      tone="danger"
      title="Sign out everywhere?"
      foot={
        <>
          <Button onClick={onClose}>Stay signed in</Button>
          <Button variant="danger" busy={end.isPending} onClick={run}>
            Sign out everywhere
          </Button>
        </>
      }
    >
      <p>
        Every session ends at once, this one too. The tunnel and its mappings work on. You need the password
        to come back.
      </p>
    </Dialog>
  );
}
